import type { ItemId } from '@gatehouse/domain';

import { ExactItemIndex } from '../exact/exact-item-index';
import type { Hit, IndexPoint, IndexSpec, ItemIndex, SearchRequest } from '../item-index';
import { PointTable } from '../point-table';
import { createSerialQueue } from '../serial-queue';

/**
 * The creator's handle. Before the seal all points are in memory only, because nobody could read half an index anyway; the
 * seal writes them, and from then on the handle is that of any reader.
 */
export class BuildingItemIndex implements ItemIndex {
  private readonly inTurn = createSerialQueue();
  /** Undefined once sealed. */
  private unsealed: PointTable | undefined;
  private current: ItemIndex;

  /** @param writeAndOpen writes the index and opens what was written. */
  constructor(
    readonly indexId: string,
    readonly spec: IndexSpec,
    private readonly writeAndOpen: (points: PointTable) => Promise<ItemIndex>,
  ) {
    this.unsealed = new PointTable(spec.dimension);
    this.current = new ExactItemIndex(indexId, { spec, points: this.unsealed, sealed: false });
  }

  upsert(points: readonly IndexPoint[]): Promise<void> {
    return this.inTurn(() => this.current.upsert(points));
  }

  remove(itemIds: readonly ItemId[]): Promise<void> {
    return this.inTurn(() => this.current.remove(itemIds));
  }

  seal(): Promise<void> {
    return this.inTurn(async () => {
      await this.current.seal(); // refuses a closed handle
      if (!this.unsealed) return;
      this.current = await this.writeAndOpen(this.unsealed);
      this.unsealed = undefined;
    });
  }

  search(request: SearchRequest): Promise<Hit[]> {
    return this.current.search(request);
  }

  get(itemIds: readonly ItemId[]): Promise<IndexPoint[]> {
    return this.current.get(itemIds);
  }

  count(): Promise<number> {
    return this.current.count();
  }

  sample(limit: number): Promise<IndexPoint[]> {
    return this.current.sample(limit);
  }

  close(): Promise<void> {
    return this.inTurn(() => this.current.close());
  }
}
