import type { ItemId } from '@gatehouse/domain';

import type { IndexPoint } from '../item-index';
import { PointTable } from '../point-table';
import type { Change } from './delta-frame';

/** The points of a sealed index: the base, whose row numbers never change, and what was upserted since. A changed item's base row is hidden. */
export class LayeredPoints {
  readonly delta: PointTable;
  private readonly hidden: Uint8Array;
  private hiddenCount = 0;

  constructor(readonly base: PointTable) {
    this.delta = new PointTable(base.dimension);
    this.hidden = new Uint8Array(base.count);
  }

  get count(): number {
    return this.base.count - this.hiddenCount + this.delta.count;
  }

  /** Whether a base row was replaced or removed. */
  isHidden(row: number): boolean {
    return this.hidden[row] === 1;
  }

  apply({ upserts, removals }: Change): void {
    for (const itemId of removals) {
      this.hide(itemId);
      this.delta.remove(itemId);
    }
    for (const point of upserts) {
      this.hide(point.itemId);
      this.delta.put(point);
    }
  }

  ids(): ItemId[] {
    return [...this.base.ids.filter((_, row) => !this.isHidden(row)), ...this.delta.ids];
  }

  /** The point of an item, or undefined. */
  pointOf(itemId: ItemId): IndexPoint | undefined {
    const changed = this.delta.rowOf(itemId);
    if (changed !== undefined) return this.delta.pointAt(changed);
    const row = this.base.rowOf(itemId);
    return row === undefined || this.isHidden(row) ? undefined : this.base.pointAt(row);
  }

  private hide(itemId: ItemId): void {
    const row = this.base.rowOf(itemId);
    if (row === undefined || this.isHidden(row)) return;
    this.hidden[row] = 1;
    this.hiddenCount++;
  }
}
