import { hashIds } from '@gatehouse/domain';

import { cellOf } from './cell-hash';

const cells = 97;
const count = 20_000;
const keys = hashIds(Array.from({ length: count }, (_, i) => `item ${i}`));
const cell = (i: number, row: number): number => cellOf(keys[2 * i], keys[2 * i + 1], row, cells);

describe('cell hash', () => {
  it.each([0, 1, 2, 3])('spreads keys evenly in row %i', (row) => {
    const hits = new Float64Array(cells);
    for (let i = 0; i < count; i++) hits[cell(i, row)]++;
    const expected = count / cells;
    const chiSquare = hits.reduce((sum, n) => sum + (n - expected) ** 2 / expected, 0);
    expect(chiSquare).toBeLessThan(96 + 5 * Math.sqrt(2 * 96)); // 96 degrees of freedom, 5 sigma
  });

  it.each([
    [0, 1],
    [1, 2],
    [0, 3],
  ])('chooses the cells of rows %i and %i independently', (first, second) => {
    let together = 0;
    let apart = 0; // pairs that share a cell in the first row, and of those the ones that also do in the second
    for (let i = 0; i + 1 < count; i++) {
      const other = (i * 7919 + 1) % count;
      if (other === i || cell(i, first) !== cell(other, first)) continue;
      if (cell(i, second) === cell(other, second)) together++;
      else apart++;
    }
    const pairs = together + apart; // about 206 of 20,000
    expect(together).toBeLessThan(pairs / cells + 5 * Math.sqrt(pairs / cells));
    expect(pairs).toBeGreaterThan(100);
  });

  it('tells keys apart that differ in one word only', () => {
    const low = new Set<number>();
    const high = new Set<number>();
    for (let i = 0; i < 100; i++) {
      low.add(cellOf(i, 5, 0, 1 << 30));
      high.add(cellOf(5, i, 0, 1 << 30));
    }
    expect([low.size, high.size]).toEqual([100, 100]);
  });
});
