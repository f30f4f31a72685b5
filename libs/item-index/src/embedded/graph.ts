import { setImmediate } from 'node:timers/promises';
import { Index, MetricKind, ScalarKind } from 'usearch';

import type { IndexSpec } from '../item-index';
import type { PointTable } from '../point-table';

/** Shape of a graph. */
export interface GraphOptions {
  /** Neighbours of a node on the upper levels; twice as many on the lowest. */
  readonly connectivity: number;
  /** Width of the search for a new node's neighbours (ef construction). */
  readonly expansionAdd: number;
}

/** An HNSW graph (Malkov and Yashunin 2016) over the rows of a sealed index. */
export interface Graph {
  /** Up to `width` rows near a vector, found by a search of that width (ef), nearest first. */
  nearest(vector: Float32Array, width: number): number[];
}

/** Rows added between two turns of the event loop, about 50 ms. */
const rowsAtOnce = 200;

/**
 * With one thread the same points give the same graph. The binding's own default is one thread per core for every call, and a later
 * call with more threads than the first fails.
 */
const threads = 1;

const metricKinds: Readonly<Record<IndexSpec['metric'], MetricKind>> = { dot: MetricKind.IP, l2: MetricKind.L2sq };

/** Builds the graph over all rows, or their prefixes, and writes it to `path`. Nodes are named by row number. */
export async function buildGraph(
  path: string,
  { vectors, count, dimension }: PointTable,
  { metric, coarse = dimension }: Pick<IndexSpec, 'metric' | 'coarse'>,
  options: GraphOptions,
): Promise<void> {
  const graph = createIndex(coarse, metric, options);
  for (let from = 0; from < count; from += rowsAtOnce) {
    const rows = Math.min(rowsAtOnce, count - from);
    const names = BigUint64Array.from({ length: rows }, (_, i) => BigInt(from + i));
    graph.add(
      names,
      prefixes(vectors.subarray(from * dimension, (from + rows) * dimension), dimension, coarse),
      threads,
    );
    await setImmediate();
  }
  graph.save(path);
}

/**
 * Maps a graph into memory. The binding has no close: the mapping goes with its object, and holds even when the file is dropped. It
 * takes metric and dimension from the file, whatever it was made with, and checks little of it: verify the file first.
 */
export function viewGraph(
  path: string,
  { dimension, coarse = dimension, metric }: IndexSpec,
  options: GraphOptions,
): Graph {
  const graph = createIndex(coarse, metric, options);
  graph.view(path);
  return {
    nearest: (vector, width) => Array.from(graph.search(vector.subarray(0, coarse), width, threads).keys, Number),
  };
}

/** The first numbers of each row, `[rows, length]`. */
function prefixes(vectors: Float32Array, dimension: number, length: number): Float32Array {
  if (length === dimension) return vectors;
  const rows = vectors.length / dimension;
  const cut = new Float32Array(rows * length);
  for (let row = 0; row < rows; row++) {
    cut.set(vectors.subarray(row * dimension, row * dimension + length), row * length);
  }
  return cut;
}

function createIndex(dimension: number, metric: IndexSpec['metric'], options: GraphOptions): Index {
  return new Index({
    dimensions: dimension,
    metric: metricKinds[metric],
    quantization: ScalarKind.F32,
    connectivity: options.connectivity,
    expansion_add: options.expansionAdd,
    expansion_search: 1, // a search is as wide as the larger of this and the number of hits asked for
    multi: false,
  });
}
