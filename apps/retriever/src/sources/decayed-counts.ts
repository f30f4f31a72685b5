import type { ItemId } from '@gatehouse/domain';
import type { Hit } from '@gatehouse/item-index';

import { bestFirst } from './best-first';

/** Exponents are counted from a landmark; beyond this one it moves on, far from the largest double (2^1024). */
const maxExponent = 500;

/**
 * How often items occurred, older events counting less:
 * `count(item) at T = sum over events of weight * 2^(-(T - event time) / half-life)`.
 *
 * What is kept is the sum of `weight * 2^((event time - landmark) / half-life)`, which no passing of time changes (forward decay: Cormode,
 * Shkapenyuk, Srivastava and Xu, ICDE 2009). So the order of events makes no difference, and neither does a late one.
 *
 * At most `capacity` items are counted. When one more comes, the lower half is forgotten, so a count that is given can be too low by as
 * much as its item had when it was forgotten: no more than any item that stayed.
 */
export class DecayedCounts {
  private sums = new Map<ItemId, number>();
  private landmarkMs: number | undefined;
  /** Of `sums`, kept as they change. */
  private sum = 0;

  /** @param capacity items counted at most, at least 2. */
  constructor(
    private readonly halfLifeMs: number,
    private readonly capacity: number,
  ) {}

  /** Items counted now. */
  get size(): number {
    return this.sums.size;
  }

  /** Counts one event. */
  add(itemId: ItemId, weight: number, timeMs: number): void {
    this.landmarkMs ??= timeMs;
    if ((timeMs - this.landmarkMs) / this.halfLifeMs > maxExponent) this.moveLandmark(timeMs);
    const added = weight * 2 ** ((timeMs - this.landmarkMs) / this.halfLifeMs);
    if (added === 0) return; // older than can be told from nothing
    this.sums.set(itemId, (this.sums.get(itemId) ?? 0) + added);
    this.sum += added;
    if (this.sums.size > this.capacity) this.forget();
  }

  /** All items with their counts as of a time, greatest first, equal ones by item id. Later events do not show. */
  ranking(asOfMs: number): Iterable<Hit> {
    return hitsOf([...this.sums.keys()], Float64Array.from(this.sums.values()), this.scaleTo(asOfMs));
  }

  /** Sum of all counts as of a time. */
  total(asOfMs: number): number {
    return this.sum * this.scaleTo(asOfMs);
  }

  private scaleTo(timeMs: number): number {
    return 2 ** (((this.landmarkMs ?? timeMs) - timeMs) / this.halfLifeMs);
  }

  private moveLandmark(toMs: number): void {
    const scale = this.scaleTo(toMs);
    this.keep(Array.from(this.sums, ([itemId, sum]): [ItemId, number] => [itemId, sum * scale]));
    this.landmarkMs = toMs;
  }

  private forget(): void {
    const sorted = [...this.sums].sort(([aId, a], [bId, b]) => b - a || (aId < bId ? -1 : 1));
    this.keep(sorted.slice(0, Math.ceil(this.capacity / 2)));
  }

  private keep(entries: readonly (readonly [ItemId, number])[]): void {
    this.sums = new Map(entries.filter(([, sum]) => sum > 0));
    this.sum = entries.reduce((total, [, sum]) => total + sum, 0);
  }
}

function* hitsOf(ids: readonly ItemId[], sums: Float64Array, scale: number): Generator<Hit> {
  const order = Int32Array.from(ids, (_, i) => i);
  const isBetter = (i: number, j: number): boolean => (sums[i] === sums[j] ? ids[i] < ids[j] : sums[i] > sums[j]);
  for (const i of bestFirst(order, isBetter)) yield { itemId: ids[i], score: sums[i] * scale };
}
