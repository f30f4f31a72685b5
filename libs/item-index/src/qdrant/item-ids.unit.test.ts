import { createItemIds } from './item-ids';

function setUp(most?: number) {
  const asked: string[][] = [];
  const ids = createItemIds(async (pointIds) => {
    asked.push([...pointIds]);
    return new Map(pointIds.filter((id) => id !== 'gone').map((id) => [id, `item of ${id}`]));
  }, most);
  return { ids, asked };
}

describe('the items of points', () => {
  it('are read once', async () => {
    const { ids, asked } = setUp();
    expect((await ids.of(['a', 'b'])).get('a')).toBe('item of a');
    expect((await ids.of(['b', 'c'])).get('c')).toBe('item of c');
    await ids.of(['a', 'b', 'c']);
    expect(asked).toEqual([['a', 'b'], ['c']]);
  });

  it('are unknown where the point is gone, and asked for again', async () => {
    const { ids, asked } = setUp();
    expect((await ids.of(['gone', 'a'])).has('gone')).toBe(false);
    await ids.of(['gone', 'a']);
    expect(asked).toEqual([['gone', 'a'], ['gone']]);
  });

  it('are remembered up to a bound', async () => {
    const { ids, asked } = setUp(4);
    await ids.of(['a', 'b', 'c']);
    expect([...(await ids.of(['a', 'd', 'e'])).keys()]).toEqual(['a', 'd', 'e']); // b and c made room
    await ids.of(['b']);
    expect(asked.at(-1)).toEqual(['b']);
  });
});
