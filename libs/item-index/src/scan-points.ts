import type { CompiledSearch } from './compile-search';
import type { PointTable } from './point-table';
import type { TopK } from './top-k';

/** Offers every row that passes to `best`. Filters are asked only about rows that would get in, which are few once k hits are found. */
export function scanPoints(points: PointTable, { query, score, accepts }: CompiledSearch, best: TopK): void {
  const { vectors, count, dimension } = points;
  for (let row = 0, from = 0; row < count; row++, from += dimension) {
    const value = score(query, vectors, from);
    if (value < best.floor || !accepts(points, row)) continue;
    best.offer(points.ids[row], value);
  }
}
