import type { CompiledSearch } from '../compile-search';
import type { Hit } from '../item-index';
import type { PointTable } from '../point-table';
import { scanPoints } from '../scan-points';
import { TopK } from '../top-k';
import type { Graph } from './graph';
import type { LayeredPoints } from './layered-points';

/**
 * Rows that a scan scores in the time in which the graph finds one hit, measured at dimension 64: 65 to 95 ns a row against 1.0 to
 * 1.7 us a hit. A search of the graph wider than `rows / 16` is slower than the scan, and less exact.
 */
const rowsPerGraphHit = 16;

/**
 * Best k of base and delta. The base is searched through the graph, the delta by a scan. Graph hits are scored again from their vectors, so
 * scores are those of an exact search. The graph knows no filter, so hits are checked afterwards: while fewer than k pass, the
 * search is repeated wider, and past the width at which a scan is cheaper, the scan decides. So k hits come whenever k exist.
 *
 * @param width of the first search of the graph (ef); at least k.
 */
export function searchLayers(
  points: LayeredPoints,
  graph: Graph | undefined,
  search: CompiledSearch,
  width: number,
): Hit[] {
  const best = (graph && searchGraph(points, graph, search, width)) ?? scanBase(points, search);
  scanPoints(points.delta, search, best);
  return best.take();
}

function searchGraph(
  points: LayeredPoints,
  graph: Graph,
  search: CompiledSearch,
  firstWidth: number,
): TopK | undefined {
  const { base } = points;
  const { k, vector, query, score } = search;
  let width = Math.max(k, firstWidth, 1);
  while (width * rowsPerGraphHit <= base.count) {
    const best = new TopK(k);
    for (const row of graph.nearest(vector, width)) {
      if (isAccepted(points, base, row, search)) {
        best.offer(base.ids[row], score(query, base.vectors, row * base.dimension));
      }
    }
    if (best.size === k) return best;
    const needed = best.size === 0 ? Infinity : (width * k) / best.size; // if hits go on passing at this rate
    width = Math.ceil(2 * Math.max(width, needed));
  }
  return undefined;
}

function scanBase(points: LayeredPoints, search: CompiledSearch): TopK {
  const best = new TopK(search.k);
  scanPoints(points.base, { ...search, accepts: (base, row) => isAccepted(points, base, row, search) }, best);
  return best;
}

function isAccepted(points: LayeredPoints, base: PointTable, row: number, { accepts }: CompiledSearch): boolean {
  return !points.isHidden(row) && accepts(base, row);
}
