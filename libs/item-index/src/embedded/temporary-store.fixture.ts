import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { ItemIndex, ItemIndexStore } from '../item-index';
import { type EmbeddedItemIndexOptions, openEmbeddedItemIndexStore } from './embedded-item-index-store';

/** A store in a folder of its own. `close` closes every index and removes the folder. */
export interface TemporaryStore {
  readonly store: ItemIndexStore;
  readonly folder: string;
  close(): Promise<void>;
}

/** Opens an empty embedded store. */
export async function openTemporaryStore(
  options: Omit<EmbeddedItemIndexOptions, 'folder'> = {},
): Promise<TemporaryStore> {
  const folder = await mkdtemp(join(tmpdir(), 'item-index-'));
  const store = await openEmbeddedItemIndexStore({ folder, ...options });
  const handles: ItemIndex[] = [];
  const closedAtTheEnd = async (opening: Promise<ItemIndex>): Promise<ItemIndex> => {
    const index = await opening;
    handles.push(index);
    return index;
  };
  return {
    store: {
      ...store,
      create: (indexId, spec) => closedAtTheEnd(store.create(indexId, spec)),
      open: (indexId) => closedAtTheEnd(store.open(indexId)),
    },
    folder,
    async close() {
      await Promise.all(handles.map((index) => index.close()));
      await rm(folder, { recursive: true, force: true });
    },
  };
}
