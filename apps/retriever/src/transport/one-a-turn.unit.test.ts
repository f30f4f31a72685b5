import { oneATurn } from './one-a-turn';

test('tasks run in order, one in a turn', async () => {
  const ran: string[] = [];
  const soon = oneATurn();
  const turns: string[][] = [];
  for (const name of ['a', 'b', 'c']) soon(() => ran.push(name));
  for (let turn = 0; turn < 4; turn++) {
    turns.push([...ran]);
    await new Promise(setImmediate);
  }
  expect(turns).toEqual([[], ['a'], ['a', 'b'], ['a', 'b', 'c']]);
  soon(() => ran.push('d'));
  await new Promise(setImmediate);
  expect(ran).toEqual(['a', 'b', 'c', 'd']);
});
