import type { ItemId } from '@gatehouse/domain';
import type { QdrantClient, Schemas } from '@qdrant/js-client-rest';

import { checkPoints } from '../check-points';
import { checkSearch } from '../check-search';
import { IndexClosedError } from '../errors';
import type { Hit, IndexPoint, IndexSpec, ItemIndex, SearchRequest } from '../item-index';
import { createSerialQueue } from '../serial-queue';
import { createItemIds } from './item-ids';
import { pointIdOf } from './point-id';
import type { QdrantCalls } from './qdrant-calls';
import { toQdrantFilter } from './qdrant-filter';
import { coarseVector, fromQdrantPoint, itemIdOf, toQdrantPoint, wholeVector } from './qdrant-point';
import { writeBatches } from './write-batches';

/** Ids or points of one request. */
const pointsAtOnce = 1000;
/** Hits beyond `k` that are asked for, so that those which tie at the end can be put in order. */
const hitsBeyond = 8;
/** Points looked at beyond those asked for, when vectors are quantized. */
const oversampling = 2;
/** Hits by the prefix for each one that the whole vectors choose, at least: as many as the width of the search, where that is more. */
const coarseHits = 2;

/** What an open index works with. */
export interface QdrantContent {
  readonly client: QdrantClient;
  readonly calls: QdrantCalls;
  readonly collection: string;
  readonly spec: IndexSpec;
  readonly isQuantized: boolean;
  /** Ends the bulk load. */
  readonly seal: () => Promise<void>;
}

/** An index as one collection of a Qdrant server. */
export class QdrantItemIndex implements ItemIndex {
  private closed = false;
  private readonly inTurn = createSerialQueue();
  private readonly itemIds = createItemIds(async (ids) => {
    const found = new Map<string, ItemId>();
    for (let from = 0; from < ids.length; from += pointsAtOnce) {
      const some = ids.slice(from, from + pointsAtOnce);
      const records = await this.run('name items of', (client, name) =>
        client.retrieve(name, { ids: some, with_payload: ['itemId'], with_vector: false }),
      );
      for (const record of records) found.set(record.id as string, itemIdOf(record));
    }
    return found;
  });

  constructor(
    readonly indexId: string,
    private readonly content: QdrantContent,
  ) {}

  get spec(): IndexSpec {
    return this.content.spec;
  }

  async upsert(points: readonly IndexPoint[]): Promise<void> {
    this.checkOpen();
    checkPoints(points, this.spec);
    const batches = [...writeBatches(points)].map((batch) =>
      batch.map((point) => toQdrantPoint(point, this.spec.coarse)),
    );
    await this.inTurn(async () => {
      for (const batch of batches) {
        await this.run('upsert', (client, name) => client.upsert(name, { points: batch, wait: true }));
      }
    });
  }

  async remove(itemIds: readonly ItemId[]): Promise<void> {
    this.checkOpen();
    await this.inTurn(async () => {
      for (let from = 0; from < itemIds.length; from += pointsAtOnce) {
        const points = itemIds.slice(from, from + pointsAtOnce).map(pointIdOf);
        await this.run('remove', (client, name) => client.delete(name, { points, wait: true }));
      }
    });
  }

  async seal(): Promise<void> {
    this.checkOpen();
    await this.inTurn(this.content.seal);
  }

  async search(request: SearchRequest): Promise<Hit[]> {
    this.checkOpen();
    request.signal?.throwIfAborted();
    checkSearch(request, this.spec);
    const { k } = request;
    const filter = toQdrantFilter(request.filter, request.exclude);
    const most = k > pointsAtOnce ? await this.count() : Infinity;
    if (k === 0 || most === 0 || filter === 'none') return [];
    let limit = Math.min(k + hitsBeyond, most);
    let exact = false;
    for (;;) {
      const hits = await unlessAborted(this.query(request, filter, limit, exact), request.signal);
      // A narrow filter can starve the walk through the graph; there are few such points, and an exact look finds them all.
      if (hits.length < Math.min(k, limit) && !exact) {
        exact = true;
        continue;
      }
      const isTiedAtTheEnd = hits.length === limit && limit < most && hits[k - 1]?.score === hits[limit - 1].score;
      if (!isTiedAtTheEnd) return hits.sort(byScoreThenId).slice(0, k);
      limit = Math.min(2 * limit, most);
    }
  }

  async get(itemIds: readonly ItemId[], signal?: AbortSignal): Promise<IndexPoint[]> {
    this.checkOpen();
    signal?.throwIfAborted();
    const found = new Map<ItemId, IndexPoint>();
    for (let from = 0; from < itemIds.length; from += pointsAtOnce) {
      const ids = itemIds.slice(from, from + pointsAtOnce).map(pointIdOf);
      const records = await unlessAborted(
        this.run('get', (client, name) => client.retrieve(name, { ids, with_payload: true, with_vector: true })),
        signal,
      );
      for (const record of records) found.set(itemIdOf(record), fromQdrantPoint(record));
    }
    return itemIds.flatMap((itemId) => found.get(itemId) ?? []);
  }

  async count(): Promise<number> {
    this.checkOpen();
    return (await this.run('count', (client, name) => client.count(name, { exact: true }))).count;
  }

  /** In the order of the points' ids, which are hashes: the same ones for the same content, and as good as drawn at random. */
  async sample(limit: number): Promise<IndexPoint[]> {
    this.checkOpen();
    const points: IndexPoint[] = [];
    let offset: Schemas['ExtendedPointId'] | undefined;
    while (points.length < limit) {
      const page = await this.run('sample', (client, name) =>
        client.scroll(name, {
          limit: Math.min(pointsAtOnce, limit - points.length),
          with_payload: true,
          with_vector: true,
          ...(offset !== undefined && { offset }),
        }),
      );
      points.push(...page.points.map(fromQdrantPoint));
      if (typeof page.next_page_offset !== 'string' && typeof page.next_page_offset !== 'number') break;
      offset = page.next_page_offset;
    }
    return points;
  }

  async close(): Promise<void> {
    this.closed = true;
    await this.inTurn(async () => undefined);
  }

  private async query(
    { vector, effort }: SearchRequest,
    filter: Schemas['Filter'] | 'all',
    limit: number,
    exact: boolean,
  ): Promise<Hit[]> {
    const { coarse } = this.spec;
    const query = Array.from(vector);
    const where = filter !== 'all' && { filter };
    const params = {
      exact,
      ...(effort && { hnsw_ef: effort }),
      ...(this.content.isQuantized && { quantization: { rescore: true, oversampling } }),
    };
    const one = { query, ...where, params };
    const two = {
      query,
      using: wholeVector,
      ...(exact
        ? { ...where, params }
        : {
            prefetch: {
              query: query.slice(0, coarse),
              using: coarseVector,
              limit: Math.max(effort ?? 0, coarseHits * limit),
              ...where,
              params,
            },
          }),
    };
    const { points } = await this.run('search', (client, name) =>
      client.query(name, { ...(coarse === undefined ? one : two), limit, with_payload: false }),
    );
    const itemIds = await this.itemIds.of(points.map(({ id }) => id as string));
    return points.flatMap(({ id, score }) => {
      const itemId = itemIds.get(id as string);
      // One that was removed since the search is gone from its answer too.
      if (itemId === undefined) return [];
      // Euclid is the distance; ours is minus its square.
      return [{ itemId, score: this.spec.metric === 'dot' ? score : 0 - score ** 2 }];
    });
  }

  private run<T>(what: string, call: (client: QdrantClient, collection: string) => Promise<T>): Promise<T> {
    const { calls, client, collection } = this.content;
    return calls.run(`${what} ${this.indexId}`, () => call(client, collection));
  }

  private checkOpen(): void {
    if (this.closed) throw new IndexClosedError(this.indexId);
  }
}

/** Gives up waiting when told to; the request to the server ends by its own timeout. */
function unlessAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return work;
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason as Error);
    signal.addEventListener('abort', onAbort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}

function byScoreThenId(a: Hit, b: Hit): number {
  return b.score - a.score || (a.itemId < b.itemId ? -1 : 1);
}
