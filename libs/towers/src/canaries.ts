import {
  type ItemId,
  type QueryInput,
  type Snapshot,
  type Stateful,
  type StateTensor,
  tensorOf,
} from '@gatehouse/domain';

import type { Tower } from './tower';

/** Name of the part of a version that holds its canaries. */
export const canariesPart = 'canaries';

/**
 * One proof against training/serving skew: a query, the vector that the version's own query tower gave it, and what came next.
 * Embedder and retriever recompute the vector with their own code and compare.
 */
export interface Canary {
  readonly query: QueryInput;
  /** `[dimension]` */
  readonly vector: Float32Array;
  readonly nextItemId: ItemId;
}

/** The newest queries of the stream with the item that came next, kept for the canaries of the next version. */
export interface CanaryQueries extends Stateful {
  add(query: QueryInput, nextItemId: ItemId): void;
  /** The canaries of a version: the kept queries with the vectors that its tower gives them now. */
  snapshotFor(tower: Tower<QueryInput>): Snapshot;
}

interface Entry {
  readonly query: QueryInput;
  readonly nextItemId: ItemId;
}

/** The entries as bytes of JSON: metadata is for what is small, and histories are not. */
function packEntries(entries: readonly Entry[]): StateTensor {
  const data = new TextEncoder().encode(JSON.stringify(entries));
  return { dtype: 'U8', shape: [data.length], data };
}

function unpackEntries(part: string, snapshot: Snapshot): Entry[] {
  return JSON.parse(new TextDecoder().decode(tensorOf(part, snapshot, 'entries', 'U8').slice())) as Entry[];
}

/** Keeps the newest `capacity` queries. */
export function createCanaryQueries(capacity: number): CanaryQueries {
  const name = 'canary-queries';
  let entries: Entry[] = [];
  return {
    name,
    add: (query, nextItemId) => {
      if (entries.length >= 2 * capacity) entries = entries.slice(-capacity);
      entries.push({ query, nextItemId });
    },
    snapshotFor: (tower) => {
      const kept = entries.slice(-capacity);
      const data = tower.embed(kept.map(({ query }) => query));
      const shape = [kept.length, kept.length === 0 ? 0 : data.length / kept.length];
      return { tensors: { vectors: { dtype: 'F32', shape, data }, entries: packEntries(kept) }, metadata: null };
    },
    snapshot: () => ({ tensors: { entries: packEntries(entries.slice(-capacity)) }, metadata: null }),
    restore: (snapshot) => {
      entries = unpackEntries(name, snapshot);
    },
  };
}

/**
 * Reads the canaries of a version.
 *
 * @throws RangeError when vectors and queries do not fit together.
 * @example readCanaries(version.parts[canariesPart])[0].vector.length; // 64
 */
export function readCanaries(snapshot: Snapshot): Canary[] {
  const entries = unpackEntries(canariesPart, snapshot);
  const vectors = tensorOf(canariesPart, snapshot, 'vectors', 'F32');
  const dimension = entries.length === 0 ? 0 : vectors.length / entries.length;
  if (!Number.isInteger(dimension))
    throw new RangeError(
      `canaries: expected whole vectors for ${entries.length} queries, found ${vectors.length} values`,
    );
  return entries.map((entry, i) => ({ ...entry, vector: vectors.subarray(i * dimension, (i + 1) * dimension) }));
}

/**
 * Largest absolute difference between canary vectors and those that a tower computes now: 0 without skew, Infinity when a value is
 * not a number or a vector has another length.
 *
 * @example if (canarySkew(canaries, query) > 1e-5) throw new Error('training and serving disagree');
 */
export function canarySkew(canaries: readonly Canary[], tower: Pick<Tower<QueryInput>, 'embed'>): number {
  const vectors = tower.embed(canaries.map(({ query }) => query)); // [canaries, dimension]
  if (canaries.some(({ vector }) => vector.length * canaries.length !== vectors.length)) return Infinity;
  let largest = 0;
  let at = 0;
  for (const { vector } of canaries) {
    for (const expected of vector) {
      const difference = Math.abs(vectors[at++] - expected);
      if (!(difference <= largest)) largest = Number.isNaN(difference) ? Infinity : difference;
    }
  }
  return largest;
}
