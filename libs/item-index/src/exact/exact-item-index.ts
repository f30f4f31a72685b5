import type { ItemId } from '@gatehouse/domain';

import { checkPoints } from '../check-points';
import { compileSearch } from '../compile-search';
import { IndexClosedError } from '../errors';
import type { Hit, IndexPoint, IndexSpec, ItemIndex, SearchRequest } from '../item-index';
import type { PointTable } from '../point-table';
import { sampleIds } from '../sample-ids';
import { scanPoints } from '../scan-points';
import { TopK } from '../top-k';

/** What all handles of one index in memory share. */
export interface ExactContent {
  readonly spec: IndexSpec;
  readonly points: PointTable;
  sealed: boolean;
}

/** An index in memory that scores every point: the oracle for every other adapter. */
export class ExactItemIndex implements ItemIndex {
  private closed = false;

  constructor(
    readonly indexId: string,
    private readonly content: ExactContent,
  ) {}

  get spec(): IndexSpec {
    return this.content.spec;
  }

  async upsert(points: readonly IndexPoint[]): Promise<void> {
    const table = this.table();
    checkPoints(points, this.spec);
    for (const point of points) table.put(point);
  }

  async remove(itemIds: readonly ItemId[]): Promise<void> {
    const table = this.table();
    for (const itemId of itemIds) table.remove(itemId);
  }

  async seal(): Promise<void> {
    this.table();
    this.content.sealed = true;
  }

  async search(request: SearchRequest): Promise<Hit[]> {
    const table = this.table();
    request.signal?.throwIfAborted();
    const search = compileSearch(request, this.spec);
    const best = new TopK(search.k);
    scanPoints(table, search, best);
    return best.take();
  }

  async get(itemIds: readonly ItemId[]): Promise<IndexPoint[]> {
    const table = this.table();
    return itemIds.flatMap((itemId) => {
      const row = table.rowOf(itemId);
      return row === undefined ? [] : [table.pointAt(row)];
    });
  }

  async count(): Promise<number> {
    return this.table().count;
  }

  async sample(limit: number): Promise<IndexPoint[]> {
    const table = this.table();
    return this.get(sampleIds(table.ids, limit));
  }

  async close(): Promise<void> {
    this.closed = true;
  }

  private table(): PointTable {
    if (this.closed) throw new IndexClosedError(this.indexId);
    return this.content.points;
  }
}
