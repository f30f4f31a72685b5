import type { Item, ItemId, ModelVersionId } from '@gatehouse/domain';
import type { Change } from '@gatehouse/events';
import {
  DimensionError,
  type IndexPoint,
  InvalidPointError,
  type ItemIndex,
  NonFiniteVectorError,
} from '@gatehouse/item-index';
import { describeError, type Logger } from '@gatehouse/runtime';
import type { TwoTowerModel } from '@gatehouse/towers';

import { pointsOf } from './embed-items';

/** An index with the model that its vectors come from, moved on with the catalogue. */
export interface LiveIndex {
  readonly version: ModelVersionId;
  readonly index: ItemIndex;
  readonly model: TwoTowerModel;
  /** Offset from which it has yet to take changes. */
  readonly offset: number;
  /** Changes that it took since it was built. */
  readonly changedItems: number;
  /**
   * Embeds what changed and writes it; what is gone or not available is taken out. Changes below `offset` are passed over, so the same
   * ones again change nothing. An item that cannot be indexed is named in the log, and does not hold up the others.
   * @throws FencedError when another embedder leads; what the index throws.
   */
  apply(changes: readonly Change<Item>[]): Promise<void>;
}

/** What {@link createLiveIndex} works on. */
export interface LiveIndexInputs {
  readonly version: ModelVersionId;
  readonly model: TwoTowerModel;
  readonly index: ItemIndex;
  readonly offset: number;
  /** @throws FencedError once another embedder leads. */
  readonly checkLeads: () => Promise<void>;
  readonly logger: Logger;
}

/** Creates the live side of an index that reflects the catalogue up to `offset`. */
export function createLiveIndex({ version, model, index, offset, checkLeads, logger }: LiveIndexInputs): LiveIndex {
  let [next, changedItems] = [offset, 0];

  const upsert = async (points: readonly IndexPoint[]): Promise<void> => {
    try {
      await index.upsert(points);
    } catch (error) {
      if (!isAboutOnePoint(error)) throw error;
      if (points.length > 1) for (const point of points) await upsert([point]);
      else logger.error('item.refused', { itemId: points[0].itemId, reason: describeError(error) });
    }
  };

  return {
    version,
    index,
    model,
    get offset() {
      return next;
    },
    get changedItems() {
      return changedItems;
    },
    apply: async (changes) => {
      const fresh = changes.filter((change) => change.offset >= next);
      if (fresh.length === 0) return;
      const newest = new Map<ItemId, Item | null>(fresh.map(({ key, value }) => [key, value]));
      const present = [...newest.values()].filter((item) => item?.available === true) as Item[];
      const gone = [...newest].filter(([, item]) => item?.available !== true).map(([itemId]) => itemId);
      await checkLeads();
      if (gone.length > 0) await index.remove(gone);
      for (const points of pointsOf(model, present)) await upsert(points);
      next = Math.max(...fresh.map((change) => change.offset)) + 1;
      changedItems += newest.size;
    },
  };
}

function isAboutOnePoint(error: unknown): boolean {
  return [DimensionError, InvalidPointError, NonFiniteVectorError].some((type) => error instanceof type);
}
