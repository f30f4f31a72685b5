import { type Delay, delay } from '@gatehouse/runtime';

import { openEmbeddedItemIndexStore } from '../embedded';
import type { IndexSettings } from '../index-settings';
import type { ItemIndexStore } from '../item-index';
import { openQdrantItemIndexStore } from '../qdrant';
import type { QdrantSettings } from '../qdrant-settings';

/** Which store to open, and with what. */
export interface IndexOpening {
  readonly index: IndexSettings;
  readonly qdrant: QdrantSettings;
  /** Where secrets may stand. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** @default real time */
  readonly delay?: Delay;
}

/**
 * Opens the store of indexes that a configuration names.
 *
 * @throws SettingsError; an error of the file system for a folder that cannot be used.
 * @example const indexes = await openItemIndexStore({ ...config, environment: process.env });
 */
export async function openItemIndexStore(opening: IndexOpening): Promise<ItemIndexStore> {
  const { index, qdrant, environment } = opening;
  return index.kind === 'qdrant'
    ? openQdrantItemIndexStore(qdrant, { secrets: { environment }, delay: opening.delay ?? delay, random: Math.random })
    : openEmbeddedItemIndexStore({ folder: index.folder });
}
