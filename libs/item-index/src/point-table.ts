import type { ItemId } from '@gatehouse/domain';

import type { Attributes, IndexPoint } from './item-index';

/**
 * Points in dense rows: one flat slab of vectors `[capacity, dimension]` and, by row, ids and attributes. Rows stay dense: a removed
 * row is filled with the last one, so row numbers hold only until the next removal.
 */
export class PointTable {
  private readonly rows = new Map<ItemId, number>();
  private readonly idsByRow: ItemId[] = [];
  private readonly attributesByRow: Attributes[] = [];

  /** @param slab of vectors to start from; {@link adopt} names its rows. */
  constructor(
    readonly dimension: number,
    private slab = new Float32Array(0),
  ) {}

  /** How many rows are taken. */
  get count(): number {
    return this.idsByRow.length;
  }

  /** Ids by row, `[count]`. */
  get ids(): readonly ItemId[] {
    return this.idsByRow;
  }

  /** Attributes by row, `[count]`. */
  get attributes(): readonly Attributes[] {
    return this.attributesByRow;
  }

  /** The slab: row r begins at `r * dimension`. Rows from `count` on hold nothing. */
  get vectors(): Float32Array {
    return this.slab;
  }

  /** Row of an item, or undefined. */
  rowOf(itemId: ItemId): number | undefined {
    return this.rows.get(itemId);
  }

  /** Adds or replaces a point; its vector is copied. */
  put({ itemId, vector, attributes }: IndexPoint): void {
    const row = this.rows.get(itemId) ?? this.count;
    this.reserve(row + 1);
    this.slab.set(vector, row * this.dimension);
    this.rows.set(itemId, row);
    this.idsByRow[row] = itemId;
    this.attributesByRow[row] = attributes;
  }

  /** Names the next row of the slab that the table started from; the id is new. */
  adopt(itemId: ItemId, attributes: Attributes): void {
    this.rows.set(itemId, this.count);
    this.idsByRow.push(itemId);
    this.attributesByRow.push(attributes);
  }

  /** Removes an item if it is there. */
  remove(itemId: ItemId): void {
    const row = this.rows.get(itemId);
    if (row === undefined) return;
    const last = this.count - 1;
    const lastId = this.idsByRow[last];
    this.slab.copyWithin(row * this.dimension, last * this.dimension, (last + 1) * this.dimension);
    this.idsByRow[row] = lastId;
    this.attributesByRow[row] = this.attributesByRow[last];
    this.rows.set(lastId, row);
    this.rows.delete(itemId);
    this.idsByRow.pop();
    this.attributesByRow.pop();
  }

  /** The point of a row, its vector copied. */
  pointAt(row: number): IndexPoint {
    return {
      itemId: this.idsByRow[row],
      vector: this.slab.slice(row * this.dimension, (row + 1) * this.dimension),
      attributes: this.attributesByRow[row],
    };
  }

  private reserve(rows: number): void {
    if (rows * this.dimension <= this.slab.length) return;
    const larger = new Float32Array(Math.max(rows, this.count * 2, 16) * this.dimension);
    larger.set(this.slab);
    this.slab = larger;
  }
}
