import type { Item } from '@gatehouse/domain';
import type { Change, ItemCatalogue } from '@gatehouse/events';

import type { TrainerCatalogue } from './trainer-catalogue';

/** Collects what changes in a catalogue until somebody applies it. */
export interface CatalogueFollower {
  /** Applies what arrived since the last call. Between batches, so that no batch sees two catalogues. */
  readonly apply: () => void;
  /** Rejects when the catalogue can no longer be read; resolves when `signal` aborts. */
  readonly done: Promise<void>;
}

/** Follows a catalogue from the offset that the trainer's copy has reached. */
export function followCatalogue(source: ItemCatalogue, copy: TrainerCatalogue, signal: AbortSignal): CatalogueFollower {
  /** The newest change of each item: however long nothing is learned, no more wait than there are items. */
  const waiting = new Map<string, Change<Item>>();
  const collect = async (): Promise<void> => {
    for await (const changes of source.changes(copy.offset, signal)) {
      for (const change of changes) {
        waiting.delete(change.key); // so that they stay in the order of their offsets
        waiting.set(change.key, change);
      }
    }
  };
  return {
    apply: () => {
      if (waiting.size === 0) return;
      copy.apply([...waiting.values()]);
      waiting.clear();
    },
    done: collect(),
  };
}
