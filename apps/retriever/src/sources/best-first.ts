/**
 * Yields numbers in order, the best first, sorting only as far as it is read: n steps, and log n for each.
 *
 * @param values reordered in place.
 */
export function* bestFirst(values: Int32Array, isBetter: (a: number, b: number) => boolean): Generator<number> {
  let size = values.length;
  /** Moves a value down until none below it is better. */
  const sink = (from: number): void => {
    const value = values[from];
    let at = from;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= size) break;
      if (child + 1 < size && isBetter(values[child + 1], values[child])) child++;
      if (!isBetter(values[child], value)) break;
      values[at] = values[child];
      at = child;
    }
    values[at] = value;
  };
  for (let at = (size >> 1) - 1; at >= 0; at--) sink(at);
  while (size > 0) {
    const best = values[0];
    size--;
    values[0] = values[size];
    sink(0);
    yield best;
  }
}
