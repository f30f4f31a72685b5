import { pointIdOf } from './point-id';

describe('pointIdOf', () => {
  it('gives each item its own UUID of version 5, always the same', () => {
    const ids = Array.from({ length: 1000 }, (_, i) => pointIdOf(`i${i}`));
    expect(new Set(ids).size).toBe(1000);
    for (const id of ids) expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(ids.slice(0, 10)).toEqual(Array.from({ length: 10 }, (_, i) => pointIdOf(`i${i}`)));
  });

  it('stays what it is: points of indexes that exist are found by it', () => {
    expect([pointIdOf('i1'), pointIdOf('é')]).toMatchInlineSnapshot(`
     [
       "301149b5-dd51-574b-95ef-6103992b81c0",
       "2fdd4289-796d-5572-b178-3816f8beaa21",
     ]
    `);
  });
});
