/** Which rows have changed, one bit a row. */
export interface ChangedRows {
  add(row: number): void;
  addAll(rows: Int32Array): void;
  /** Those in [from, to), ascending, counted from `from`. */
  between(from: number, to: number): Uint32Array;
  clear(): void;
}

const bitsPerWord = 32;

/**
 * Creates an empty set, which takes no memory before a row is added.
 *
 * @example
 * const changed = createChangedRows();
 * changed.add(70);
 * changed.between(64, 128); // 6
 */
export function createChangedRows(): ChangedRows {
  let words = new Uint32Array(0);

  const add = (row: number): void => {
    const word = row >>> 5;
    if (word >= words.length) {
      const larger = new Uint32Array(Math.max(2 * words.length, word + 1));
      larger.set(words);
      words = larger;
    }
    words[word] |= 1 << (row & 31);
  };

  const forEachBetween = (from: number, to: number, visit: (row: number) => void): void => {
    const end = Math.min(words.length, Math.ceil(to / bitsPerWord));
    for (let w = from >>> 5; w < end; w++) {
      // Each turn takes the lowest bit off.
      for (let word = words[w]; word !== 0; word &= word - 1) {
        const row = w * bitsPerWord + 31 - Math.clz32(word & -word);
        if (row >= from && row < to) visit(row);
      }
    }
  };

  return {
    add,
    addAll: (rows) => {
      for (let i = 0; i < rows.length; i++) add(rows[i]);
    },
    between: (from, to) => {
      let count = 0;
      forEachBetween(from, to, () => count++);
      const rows = new Uint32Array(count);
      count = 0;
      forEachBetween(from, to, (row) => (rows[count++] = row - from));
      return rows;
    },
    clear: () => words.fill(0),
  };
}
