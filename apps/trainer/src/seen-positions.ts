import { type ItemId, type Snapshot, type Stateful, tensorOf, type UserId } from '@gatehouse/domain';

import type { TrainerCatalogue } from './trainer-catalogue';

/** Every item that each evaluated user has met, without a limit: evaluation must not forget what serving may. */
export interface SeenPositions extends Stateful {
  /** Catalogue positions of what the user has met so far, each once. Items that are not in the catalogue are not among them. */
  of(userId: UserId): readonly number[];
  add(userId: UserId, itemId: ItemId): void;
}

interface Seen {
  readonly itemIds: Set<ItemId>;
  positions: number[];
  /** Catalogue revision that the positions belong to. */
  revision: number;
}

/** Creates an empty record over a catalogue. */
export function createSeenPositions(catalogue: TrainerCatalogue): SeenPositions {
  const name = 'evaluation.seen';
  let users = new Map<UserId, Seen>();

  const current = (seen: Seen): Seen => {
    if (seen.revision !== catalogue.revision) {
      seen.positions = Array.from(seen.itemIds, (itemId) => catalogue.positionOf(itemId)).filter(
        (position) => position !== undefined,
      );
      seen.revision = catalogue.revision;
    }
    return seen;
  };

  return {
    name,
    of: (userId) => {
      const seen = users.get(userId);
      return seen ? current(seen).positions : [];
    },
    add: (userId, itemId) => {
      let seen = users.get(userId);
      if (!seen) users.set(userId, (seen = { itemIds: new Set(), positions: [], revision: catalogue.revision }));
      if (seen.itemIds.has(itemId)) return;
      const { positions } = current(seen);
      seen.itemIds.add(itemId);
      const position = catalogue.positionOf(itemId);
      if (position !== undefined) positions.push(position);
    },
    snapshot: (): Snapshot => {
      const data = new TextEncoder().encode(
        JSON.stringify([...users].map(([userId, { itemIds }]) => [userId, [...itemIds]])),
      );
      return { tensors: { users: { dtype: 'U8', shape: [data.length], data } }, metadata: null };
    },
    restore: (snapshot) => {
      const text = new TextDecoder().decode(tensorOf(name, snapshot, 'users', 'U8'));
      const saved = JSON.parse(text) as [UserId, ItemId[]][];
      users = new Map(
        saved.map(([userId, itemIds]) => [userId, { itemIds: new Set(itemIds), positions: [], revision: -1 }]),
      );
    },
  };
}
