import { bestFirst } from './best-first';
import { createDraws } from './source-request.fixture';

test.each([0, 1, 2, 3, 4, 5, 10, 100, 257])('it yields %i values as a sort does', (count) => {
  const { below, shuffled } = createDraws(count + 1);
  const scores = Array.from({ length: count }, () => below(10)); // with ties
  const isBetter = (a: number, b: number) => scores[a] > scores[b] || (scores[a] === scores[b] && a < b);
  const values = shuffled(Array.from({ length: count }, (_, i) => i));
  const sorted = [...values].sort((a, b) => (isBetter(a, b) ? -1 : 1));
  expect([...bestFirst(Int32Array.from(values), isBetter)]).toEqual(sorted);
});

test('reading the first of many compares few', () => {
  let compared = 0;
  const isBetter = (a: number, b: number) => {
    compared++;
    return a > b;
  };
  const values = Int32Array.from({ length: 1024 }, (_, i) => (i * 389) % 1024);
  expect(bestFirst(values, isBetter).next().value).toBe(1023);
  expect(compared).toBeLessThan(2 * 1024 + 20); // a sort takes about 10 * 1024
});
