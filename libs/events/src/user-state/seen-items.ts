import type { Keys } from '@gatehouse/domain';

/**
 * The newest distinct keys of one user, in the order first seen.
 * Written keys never change: views stay as they were when taken.
 */
export class SeenItems {
  private buffer: Keys;
  /** The window of live keys, in keys. */
  private from = 0;
  private to: number;

  constructor(
    private readonly limit: number,
    keys: Keys,
  ) {
    this.buffer = keys;
    this.to = keys.length / 2;
  }

  /** Keys, oldest first, `[count * 2]`. */
  get keys(): Keys {
    return this.buffer.subarray(this.from * 2, this.to * 2);
  }

  /** Remembers the key `[low, high]` unless it is known, and forgets the oldest above the limit. */
  add(low: number, high: number): void {
    for (let i = this.from; i < this.to; i++) {
      if (this.buffer[i * 2] === low && this.buffer[i * 2 + 1] === high) return;
    }
    if (this.to * 2 === this.buffer.length) this.grow();
    this.buffer[this.to * 2] = low;
    this.buffer[this.to * 2 + 1] = high;
    this.to++;
    if (this.to - this.from > this.limit) this.from++;
  }

  private grow(): void {
    const live = this.keys;
    // Above the limit by a quarter, so that a full window moves once per limit / 4 keys, not once per key.
    const capacity = Math.min(Math.max(4, live.length), Math.ceil(this.limit * 1.25) + 1);
    this.buffer = new Uint32Array(capacity * 2);
    this.buffer.set(live);
    this.from = 0;
    this.to = live.length / 2;
  }
}
