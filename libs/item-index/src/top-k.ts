import type { ItemId } from '@gatehouse/domain';

import type { Hit } from './item-index';

/**
 * The best k of the hits offered: greater scores first, equal ones by item id. A heap with the worst kept hit on top, so an offer
 * costs O(log k), and most offers only one comparison.
 *
 * @example
 * const best = new TopK(1);
 * best.offer('a', 0.5);
 * best.offer('b', 0.7);
 * best.take(); // [{ itemId: 'b', score: 0.7 }]
 */
export class TopK {
  /** Offers below this score are lost; an offer of this very score may win by its id. */
  floor: number;
  private readonly scores: number[] = [];
  private readonly ids: ItemId[] = [];

  constructor(private readonly k: number) {
    this.floor = k > 0 ? -Infinity : Infinity;
  }

  /** How many hits are kept: at most k. */
  get size(): number {
    return this.ids.length;
  }

  /** Keeps a hit if it is among the best k so far. */
  offer(itemId: ItemId, score: number): void {
    if (score < this.floor) return;
    if (this.size < this.k) this.rise(itemId, score);
    else if (isWorse(this.scores[0], this.ids[0], score, itemId)) this.sink(itemId, score);
    else return;
    if (this.size === this.k) this.floor = this.scores[0];
  }

  /** The hits kept, best first. */
  take(): Hit[] {
    const hits = this.ids.map((itemId, i) => ({ itemId, score: this.scores[i] }));
    return hits.sort((a, b) => (isWorse(a.score, a.itemId, b.score, b.itemId) ? 1 : -1));
  }

  private rise(itemId: ItemId, score: number): void {
    let at = this.size;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!isWorse(score, itemId, this.scores[parent], this.ids[parent])) break;
      this.scores[at] = this.scores[parent];
      this.ids[at] = this.ids[parent];
      at = parent;
    }
    this.scores[at] = score;
    this.ids[at] = itemId;
  }

  /** Puts a hit in the place of the worst one. */
  private sink(itemId: ItemId, score: number): void {
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= this.size) break;
      if (child + 1 < this.size && this.isWorseAt(child + 1, child)) child++;
      if (!isWorse(this.scores[child], this.ids[child], score, itemId)) break;
      this.scores[at] = this.scores[child];
      this.ids[at] = this.ids[child];
      at = child;
    }
    this.scores[at] = score;
    this.ids[at] = itemId;
  }

  private isWorseAt(a: number, b: number): boolean {
    return isWorse(this.scores[a], this.ids[a], this.scores[b], this.ids[b]);
  }
}

function isWorse(score: number, itemId: ItemId, otherScore: number, otherId: ItemId): boolean {
  return score < otherScore || (score === otherScore && itemId > otherId);
}
