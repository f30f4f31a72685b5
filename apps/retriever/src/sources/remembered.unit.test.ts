import { remembered } from './remembered';

test('readers get the same, one after the other or in turns, and the source is read once', () => {
  let read = 0;
  const sequence = remembered(
    (function* () {
      for (let i = 0; i < 5; i++) {
        read++;
        yield i;
      }
    })(),
  );
  const [a, b] = [sequence[Symbol.iterator](), sequence[Symbol.iterator]()];
  expect([a.next().value, a.next().value, b.next().value, read]).toEqual([0, 1, 0, 2]);
  for (const value of sequence) if (value === 2) break; // ends a reader, not the sequence
  expect(read).toBe(3);
  expect([...sequence]).toEqual([0, 1, 2, 3, 4]);
  expect([a.next().value, b.next().value, read]).toEqual([2, 1, 5]);
  expect([...sequence]).toEqual([0, 1, 2, 3, 4]);
});
