import { type ItemId, type Snapshot, type Stateful, tensorOf } from '@gatehouse/domain';

/** Vectors of earlier batches' positives, which go on serving as candidates. Nothing learns through them but the queries. */
export interface CandidateMemory extends Stateful {
  /** Items in memory, oldest first; one that occurred twice is there twice, `[size]`. */
  readonly itemIds: readonly ItemId[];
  /** Their vectors as they were when their batch was learned, `[size, dimension]`. */
  readonly vectors: Float32Array;
  /** Takes in the positives of a batch, `[batch]` and `[batch, dimension]`, and gives up what is too old or too much. */
  add(itemIds: readonly ItemId[], vectors: Float32Array): void;
}

/** Bounds of a {@link CandidateMemory}. */
export interface CandidateMemoryOptions {
  /** Vectors at most. */
  readonly capacity: number;
  /** Batches after which a vector is given up: its tower has moved on since. */
  readonly maxAgeBatches: number;
  readonly dimension: number;
}

/**
 * A first-in first-out memory of candidate vectors, detached: the cross-batch negatives of Wang et al. 2021 (CBNS, section 2.2; the
 * memory of XBM, Wang et al. 2020). Its vectors are stale by up to `maxAgeBatches`, which biases the loss by as much as the tower has
 * moved; at age 0 there is no bias on the side of the queries.
 *
 * @param name of the part in the checkpoint.
 * @example
 * const memory = createCandidateMemory('negatives.memory', { capacity: 4096, maxAgeBatches: 32, dimension: 64 });
 * memory.add(['a', 'b'], vectors);
 */
export function createCandidateMemory(name: string, options: CandidateMemoryOptions): CandidateMemory {
  const { capacity, maxAgeBatches, dimension } = options;
  let itemIds: ItemId[] = [];
  let vectors = new Float32Array(0);
  let batches: number[] = []; // number of the batch that each came with
  let now = 0;

  return {
    name,
    get itemIds() {
      return itemIds;
    },
    get vectors() {
      return vectors;
    },
    add: (added, addedVectors) => {
      if (addedVectors.length !== added.length * dimension) {
        throw new RangeError(
          `${name}: expected ${added.length} vectors of ${dimension}, found ${addedVectors.length} values`,
        );
      }
      now++;
      const joined = [...itemIds, ...added];
      const joinedBatches = [...batches, ...added.map(() => now)];
      const young = joinedBatches.findIndex((batch) => now - batch < maxAgeBatches);
      const from = Math.max(young < 0 ? joined.length : young, joined.length - capacity);
      const next = new Float32Array((joined.length - from) * dimension);
      const kept = vectors.subarray(Math.min(from, itemIds.length) * dimension);
      next.set(kept);
      next.set(addedVectors.subarray(Math.max(0, from - itemIds.length) * dimension), kept.length);
      [itemIds, batches, vectors] = [joined.slice(from), joinedBatches.slice(from), next];
    },
    snapshot: (): Snapshot => {
      const ids = new TextEncoder().encode(JSON.stringify(itemIds));
      return {
        tensors: {
          itemIds: { dtype: 'U8', shape: [ids.length], data: ids },
          vectors: { dtype: 'F32', shape: [itemIds.length, dimension], data: vectors },
          batches: { dtype: 'F64', shape: [batches.length], data: Float64Array.from(batches) },
        },
        metadata: { now },
      };
    },
    restore: (snapshot) => {
      const ids = new TextDecoder().decode(tensorOf(name, snapshot, 'itemIds', 'U8').slice());
      const savedIds = JSON.parse(ids) as ItemId[];
      vectors = tensorOf(name, snapshot, 'vectors', 'F32', savedIds.length * dimension).slice();
      batches = [...tensorOf(name, snapshot, 'batches', 'F64', savedIds.length)];
      itemIds = savedIds;
      now = (snapshot.metadata as { now: number }).now;
    },
  };
}
