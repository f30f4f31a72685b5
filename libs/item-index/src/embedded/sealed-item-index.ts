import type { ItemId } from '@gatehouse/domain';

import { checkPoints } from '../check-points';
import { compileSearch } from '../compile-search';
import { IndexClosedError } from '../errors';
import type { Hit, IndexPoint, IndexSpec, ItemIndex, SearchRequest } from '../item-index';
import { sampleIds } from '../sample-ids';
import type { Change } from './delta-frame';
import type { DeltaLog } from './delta-log';
import type { Graph } from './graph';
import type { LayeredPoints } from './layered-points';
import { searchLayers } from './search-layers';
import { createSerialQueue } from '../serial-queue';

/** What an open index holds. */
export interface SealedContent {
  readonly spec: IndexSpec;
  readonly points: LayeredPoints;
  /** None: every search is exact. */
  readonly graph: Graph | undefined;
  readonly log: DeltaLog;
  /** Width of a search of the graph when the request names none. */
  readonly expansionSearch: number;
}

/** A sealed index: every call first takes in what any process has appended to the delta log, so changes show by the next search. */
export class SealedItemIndex implements ItemIndex {
  private closed = false;
  private readonly inTurn = createSerialQueue();

  constructor(
    readonly indexId: string,
    private readonly content: SealedContent,
  ) {}

  get spec(): IndexSpec {
    return this.content.spec;
  }

  async upsert(points: readonly IndexPoint[]): Promise<void> {
    this.checkOpen();
    checkPoints(points, this.spec);
    await this.change({ upserts: points, removals: [] });
  }

  async remove(itemIds: readonly ItemId[]): Promise<void> {
    this.checkOpen();
    await this.change({ upserts: [], removals: itemIds });
  }

  async seal(): Promise<void> {
    this.checkOpen();
  }

  async search(request: SearchRequest): Promise<Hit[]> {
    const points = this.freshPoints();
    request.signal?.throwIfAborted();
    const search = compileSearch(request, this.spec);
    return searchLayers(points, this.content.graph, search, search.effort ?? this.content.expansionSearch);
  }

  async get(itemIds: readonly ItemId[]): Promise<IndexPoint[]> {
    const points = this.freshPoints();
    return itemIds.flatMap((itemId) => points.pointOf(itemId) ?? []);
  }

  async count(): Promise<number> {
    return this.freshPoints().count;
  }

  async sample(limit: number): Promise<IndexPoint[]> {
    return this.get(sampleIds(this.freshPoints().ids(), limit));
  }

  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    await this.inTurn(() => this.content.log.close());
  }

  private async change(change: Change): Promise<void> {
    if (change.upserts.length + change.removals.length === 0) return;
    await this.inTurn(async () => {
      this.takeIn();
      await this.content.log.append(change);
    });
  }

  private freshPoints(): LayeredPoints {
    this.checkOpen();
    this.takeIn();
    return this.content.points;
  }

  private takeIn(): void {
    for (const change of this.content.log.readNew()) this.content.points.apply(change);
  }

  private checkOpen(): void {
    if (this.closed) throw new IndexClosedError(this.indexId);
  }
}
