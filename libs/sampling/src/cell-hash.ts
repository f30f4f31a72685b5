const { imul } = Math;

function scramble(h: number): number {
  h = imul(h ^ (h >>> 16), 0x85ebca6b);
  h = imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}

/**
 * Cell of a 64-bit key under the hash function of one row, in `[0, cells)`.
 *
 * Both words pass the 32-bit finaliser of MurmurHash3 with a salt per row, so two keys that share a cell in one row share one
 * in another only by chance. Rows are numbered, not seeded: a restored sketch finds its cells again.
 *
 * @example cellOf(keys[0], keys[1], 2, 65536); // cell of the first key in row 2
 */
export function cellOf(low: number, high: number, row: number, cells: number): number {
  const salt = imul(row + 1, 0x9e3779b9);
  return (scramble(scramble(low ^ salt) ^ high) >>> 0) % cells;
}
