import { randomUUID } from 'node:crypto';

import { delay } from '@gatehouse/runtime';
import { qdrantUrl } from '@gatehouse/testing';

import { type QdrantSettings, qdrantSettings } from '../qdrant-settings';
import type { StoreUnderTest } from '../under-test.fixture';
import { openQdrantItemIndexStore } from './qdrant-item-index-store';

const url = qdrantUrl();

/** Runs a suite where there is a server. */
export const describeQdrant = url === undefined ? describe.skip : describe;

/** Settings for collections of this test alone. */
export function testSettings(changes: Partial<QdrantSettings> = {}): QdrantSettings {
  const variable = process.env['QDRANT_API_KEY'] === undefined ? {} : { apiKeyVariable: 'QDRANT_API_KEY' };
  return qdrantSettings.parse({ url, ...variable, collectionPrefix: `test-${randomUUID()}-`, ...changes });
}

/** A store without indexes on the server; `close` drops what was made. */
export async function openQdrantStore(changes: Partial<QdrantSettings> = {}): Promise<StoreUnderTest> {
  const store = openQdrantItemIndexStore(testSettings(changes), {
    secrets: { environment: process.env },
    delay,
    random: Math.random,
  });
  return {
    store,
    close: async () => {
      for (const indexId of await store.list()) await store.drop(indexId);
    },
  };
}
