import { compileSearch } from '../compile-search';
import type { Hit, IndexSpec, SearchRequest } from '../item-index';
import { PointTable } from '../point-table';
import type { Graph } from './graph';
import { LayeredPoints } from './layered-points';
import { searchLayers } from './search-layers';

const spec: IndexSpec = { dimension: 1, metric: 'dot', attributes: { group: 'string' }, manifest: {} };
const rows = 1600; // so the graph is asked for at most 1600 / 16 = 100 hits

/** Row r holds the number r, so for q = 1 the best rows are the last ones. */
function points(): LayeredPoints {
  const base = new PointTable(1);
  for (let row = 0; row < rows; row++) {
    base.put({ itemId: `i${row}`, vector: Float32Array.of(row), attributes: { group: row % 8 } });
  }
  return new LayeredPoints(base);
}

/** A graph that finds the best rows except those it misses, and notes how wide it was searched. */
function graphThatMisses(missed: ReadonlySet<number>): Graph & { readonly widths: number[] } {
  const widths: number[] = [];
  const order = Array.from({ length: rows }, (_, i) => rows - 1 - i).filter((row) => !missed.has(row));
  return {
    widths,
    nearest(_vector, width) {
      widths.push(width);
      return order.slice(0, width);
    },
  };
}

function search(layers: LayeredPoints, graph: Graph | undefined, rest: Partial<SearchRequest>, width: number): Hit[] {
  return searchLayers(layers, graph, compileSearch({ vector: Float32Array.of(1), k: 2, ...rest }, spec), width);
}

const last = [
  { itemId: 'i1599', score: 1599 },
  { itemId: 'i1598', score: 1598 },
];

describe('searchLayers', () => {
  it('asks the graph once when enough hits pass', () => {
    const graph = graphThatMisses(new Set());
    expect(search(points(), graph, {}, 20)).toEqual(last);
    expect(graph.widths).toEqual([20]);
  });

  it('believes the graph, which may miss some', () => {
    const graph = graphThatMisses(new Set([1599]));
    expect(search(points(), graph, {}, 20)[0]).toEqual({ itemId: 'i1598', score: 1598 });
  });

  it('never searches narrower than k', () => {
    const graph = graphThatMisses(new Set());
    expect(search(points(), graph, { k: 50 }, 20)).toHaveLength(50);
    expect(graph.widths).toEqual([50]);
  });

  it('widens by the share of hits that passed', () => {
    // Of the first 4 rows, 1599 to 1596, one is in group 7. So 2 hits need 8 rows; twice that is 16.
    const graph = graphThatMisses(new Set());
    const hits = search(points(), graph, { filter: { equals: { attribute: 'group', value: 7 } } }, 4);
    expect(hits.map(({ score }) => score)).toEqual([1599, 1591]);
    expect(graph.widths).toEqual([4, 16]);
  });

  it('scans when nothing passes, when too few hits come, and where a scan is cheaper', () => {
    const nothingPasses = graphThatMisses(new Set());
    const exclude = new Set(Array.from({ length: 30 }, (_, i) => `i${rows - 1 - i}`));
    expect(search(points(), nothingPasses, { exclude }, 20)[0]).toEqual({ itemId: 'i1569', score: 1569 });
    expect(nothingPasses.widths).toEqual([20]);

    const disconnected = graphThatMisses(new Set(Array.from({ length: rows - 1 }, (_, row) => row)));
    expect(search(points(), disconnected, {}, 20)).toEqual(last);
    expect(disconnected.widths).toEqual([20, 80]); // one hit passed of 20: twice 40

    const tooWide = graphThatMisses(new Set());
    expect(search(points(), tooWide, {}, 101)).toEqual(last);
    expect(search(points(), tooWide, { k: 101 }, 20)).toHaveLength(101);
    expect(tooWide.widths).toEqual([]);
  });

  it('puts the delta before the base rows that it replaces', () => {
    const layers = points();
    layers.apply({ upserts: [{ itemId: 'i1599', vector: Float32Array.of(-1), attributes: {} }], removals: ['i1598'] });
    layers.apply({ upserts: [{ itemId: 'new', vector: Float32Array.of(5000), attributes: {} }], removals: [] });
    const expected = [
      { itemId: 'new', score: 5000 },
      { itemId: 'i1597', score: 1597 },
    ];
    expect(search(layers, graphThatMisses(new Set()), {}, 20)).toEqual(expected);
    expect(search(layers, undefined, {}, 20)).toEqual(expected);
    expect(layers.count).toBe(rows);
  });
});
