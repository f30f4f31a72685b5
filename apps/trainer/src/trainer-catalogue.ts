import {
  type CandidateInput,
  hashId,
  hashIds,
  type Item,
  type ItemId,
  type Keys,
  type Snapshot,
  type Stateful,
  tensorOf,
} from '@gatehouse/domain';
import type { Change } from '@gatehouse/events';

/** The live catalogue as training sees it: dense positions to draw from, and features by id. */
export interface TrainerCatalogue extends Stateful {
  /** Available items, by position. Changes only between batches. */
  readonly items: readonly CandidateInput[];
  /** Keys of `items`, `[items * 2]`. */
  readonly keys: Keys;
  /** Grows with every change: tells whether positions may have moved. */
  readonly revision: number;
  /** Offset from which changes continue. */
  readonly offset: number;
  positionOf(itemId: ItemId): number | undefined;
  /** The item, or its bare id when the catalogue does not (or no longer) know it. */
  candidate(itemId: ItemId): CandidateInput;
  /** Replaces everything. */
  load(items: readonly Item[], offset: number): void;
  apply(changes: readonly Change<Item>[]): void;
}

/** Creates an empty catalogue. */
export function createTrainerCatalogue(): TrainerCatalogue {
  const name = 'catalogue';
  let items: CandidateInput[] = [];
  let keys: Keys = new Uint32Array(0);
  let positions = new Map<ItemId, number>();
  let unavailable = new Map<ItemId, CandidateInput>();
  let [revision, offset] = [0, 0];

  const append = (item: CandidateInput): void => {
    if (items.length * 2 === keys.length) {
      const larger = new Uint32Array(Math.max(64, keys.length * 2));
      larger.set(keys);
      keys = larger;
    }
    hashId(item.itemId, keys, items.length);
    positions.set(item.itemId, items.length);
    items.push(item);
  };

  const removeAt = (position: number): void => {
    const last = items.pop() as CandidateInput; // the last item moves into the gap
    positions.delete(position === items.length ? last.itemId : items[position].itemId);
    if (position === items.length) return;
    items[position] = last;
    positions.set(last.itemId, position);
    hashId(last.itemId, keys, position);
  };

  const put = (itemId: ItemId, item: Item | null): void => {
    const position = positions.get(itemId);
    const input = item && { itemId, features: item.features };
    unavailable.delete(itemId);
    if (input && item.available) {
      if (position === undefined) append(input);
      else items[position] = input;
      return;
    }
    if (position !== undefined) removeAt(position);
    if (input) unavailable.set(itemId, input);
  };

  return {
    name,
    get items() {
      return items;
    },
    get keys() {
      return keys.subarray(0, items.length * 2);
    },
    get revision() {
      return revision;
    },
    get offset() {
      return offset;
    },
    positionOf: (itemId) => positions.get(itemId),
    candidate: (itemId) => {
      const position = positions.get(itemId);
      return position === undefined ? (unavailable.get(itemId) ?? { itemId, features: {} }) : items[position];
    },
    load: (loaded, at) => {
      items = [];
      positions = new Map();
      unavailable = new Map();
      for (const item of loaded) put(item.itemId, item);
      [revision, offset] = [revision + 1, at];
    },
    apply: (changes) => {
      for (const change of changes) {
        put(change.key, change.value);
        offset = change.offset + 1;
      }
      revision++;
    },
    snapshot: (): Snapshot => {
      const data = new TextEncoder().encode(JSON.stringify({ items, unavailable: [...unavailable.values()] }));
      return { tensors: { items: { dtype: 'U8', shape: [data.length], data } }, metadata: { offset } };
    },
    restore: (snapshot) => {
      const saved = JSON.parse(new TextDecoder().decode(tensorOf(name, snapshot, 'items', 'U8'))) as {
        items: CandidateInput[];
        unavailable: CandidateInput[];
      };
      items = saved.items;
      keys = hashIds(items.map(({ itemId }) => itemId));
      positions = new Map(items.map(({ itemId }, position) => [itemId, position]));
      unavailable = new Map(saved.unavailable.map((item) => [item.itemId, item]));
      offset = (snapshot.metadata as { offset: number }).offset;
      revision++;
    },
  };
}
