import { type ItemId, type Random, type Snapshot, type Stateful, tensorOf } from '@gatehouse/domain';

/** The last positives of the stream, to draw popular negatives from: a distribution that is known exactly. */
export interface RecentPositives extends Stateful {
  /** Positives that it holds. */
  readonly size: number;
  /** Adds positives in the order of the stream; the oldest make room. */
  add(itemIds: readonly ItemId[]): void;
  /** Draws one of them, each with probability `1 / size`. Only while there are any. */
  draw(random: Random): ItemId;
  /** r per draw: the share of an item, 0 when it is not among them. */
  probability(itemId: ItemId): number;
  /** Each of their items once. */
  distinct(): Iterable<ItemId>;
}

/**
 * Keeps the last `capacity` positives. An item that occurs n times among them is drawn with `r = n / size`: popularity of now, with
 * nothing to estimate and nothing to decay.
 *
 * @param name of the part in the checkpoint.
 * @throws RangeError when the capacity is no positive integer.
 * @example
 * const recent = createRecentPositives('negatives.recent', 65536);
 * recent.add(['a', 'b', 'a', 'a']);
 * recent.probability('a'); // 0.75
 */
export function createRecentPositives(name: string, capacity: number): RecentPositives {
  if (!Number.isInteger(capacity) || capacity < 1) {
    throw new RangeError(`${name}: capacity: expected a positive integer, found ${capacity}`);
  }
  let ring: ItemId[] = [];
  let next = 0; // where the next one goes once the ring is full: the place of the oldest
  let counts = new Map<ItemId, number>();

  const count = (itemId: ItemId, by: number): void => {
    const n = (counts.get(itemId) ?? 0) + by;
    if (n === 0) counts.delete(itemId);
    else counts.set(itemId, n);
  };

  const add = (itemId: ItemId): void => {
    if (ring.length < capacity) {
      ring.push(itemId);
    } else {
      count(ring[next], -1);
      ring[next] = itemId;
      next = (next + 1) % capacity;
    }
    count(itemId, 1);
  };

  return {
    name,
    get size() {
      return ring.length;
    },
    add: (itemIds) => itemIds.forEach(add),
    draw: (random) => ring[random.below(ring.length)],
    probability: (itemId) => (ring.length === 0 ? 0 : (counts.get(itemId) ?? 0) / ring.length),
    distinct: () => counts.keys(),
    snapshot: (): Snapshot => {
      const data = new TextEncoder().encode(JSON.stringify(ring));
      return { tensors: { ring: { dtype: 'U8', shape: [data.length], data } }, metadata: { next } };
    },
    restore: (snapshot) => {
      const saved = JSON.parse(new TextDecoder().decode(tensorOf(name, snapshot, 'ring', 'U8').slice())) as ItemId[];
      if (saved.length > capacity) {
        throw new RangeError(`${name}: expected at most ${capacity} positives, found ${saved.length}`);
      }
      ring = saved;
      next = (snapshot.metadata as { next: number }).next;
      counts = new Map();
      for (const itemId of ring) count(itemId, 1);
    },
  };
}
