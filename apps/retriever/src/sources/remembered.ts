/** A sequence that is read from its source once, however often and by however many it is read, and only as far as the farthest reader. */
export function remembered<T>(source: Iterable<T>): Iterable<T> {
  const known: T[] = [];
  const rest = source[Symbol.iterator]();
  return {
    *[Symbol.iterator]() {
      for (let at = 0; ; at++) {
        if (at === known.length) {
          const next = rest.next();
          if (next.done) return;
          known.push(next.value);
        }
        yield known[at];
      }
    },
  };
}
