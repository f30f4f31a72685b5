import { createFilesystemModelStore } from '@gatehouse/artifacts/filesystem';
import { createProfileTable, userProfileFormat } from '@gatehouse/events';
import {
  createMemoryCompactedTopic,
  createMemoryItemCatalogue,
  createMemoryLog,
  createUserState,
} from '@gatehouse/events/memory';
import { userStateOptions } from '@gatehouse/events';
import type { ItemIndex } from '@gatehouse/item-index';
import { openEmbeddedItemIndexStore } from '@gatehouse/item-index/embedded';
import { createLogger, createMetrics, delay, systemClock } from '@gatehouse/runtime';
import { loadBackend } from '@gatehouse/towers';

import { retrieverConfig } from '../src/config';
import { startRetriever } from '../src/start-retriever';
import { twoTowerLibrary } from '../src/two-tower-library';
import type { BenchFolders } from './bench-version';

/** An engine that answers some searches at a time, first come, first served, and takes its time for each. */
export interface SlowEngine {
  readonly searchMs: number;
  readonly atOnce: number;
}

/** Starts a retriever over a slow engine; resolves to its port once it serves. */
export async function startSlowRetriever({
  folders,
  engine,
}: {
  folders: BenchFolders;
  engine: SlowEngine;
}): Promise<number> {
  await loadBackend(['wasm', 'cpu'], () => undefined);
  const models = createFilesystemModelStore({ folder: folders.artifacts });
  const indexes = await openEmbeddedItemIndexStore({ folder: folders.index });
  const inTurn = createSlowness(engine);
  let isServing = (): void => undefined;
  const serving = new Promise<void>((resolve) => (isServing = resolve));
  const silent = createLogger({ app: 'bench', level: 'silent' });
  const retriever = await startRetriever(
    {
      models,
      loadParts: (version, parts) => models.load(version, parts),
      indexes: { open: async (indexId) => slowed(await indexes.open(indexId), inTurn) },
      towers: twoTowerLibrary,
      source: createMemoryLog().source,
      items: createMemoryItemCatalogue(),
      profiles: createProfileTable(createMemoryCompactedTopic(userProfileFormat)),
      openUsers: (schema) => Object.assign(createUserState(userStateOptions(schema)), { close: async () => undefined }),
      nobody: (schema) => createUserState(userStateOptions(schema)).snapshot(),
      metrics: createMetrics('bench_'),
      clock: systemClock,
      delay,
      logger: {
        ...silent,
        error: (event, fields) => console.error(event, fields),
        info: (event) => {
          if (event === 'version.adopted') isServing();
        },
      },
    },
    retrieverConfig.parse({ port: 0 }),
  );
  await serving;
  return retriever.port;
}

function createSlowness({ searchMs, atOnce }: SlowEngine): () => Promise<void> {
  const waiting: (() => void)[] = [];
  let busy = 0;
  const next = (): void => {
    if (busy >= atOnce) return;
    const done = waiting.shift();
    if (!done) return;
    busy++;
    setTimeout(() => {
      busy--;
      done();
      next();
    }, searchMs);
  };
  return () =>
    new Promise((resolve) => {
      waiting.push(resolve);
      next();
    });
}

function slowed(index: ItemIndex, inTurn: () => Promise<void>): ItemIndex {
  const search = index.search.bind(index);
  index.search = async (request) => {
    if (request.signal) await inTurn(); // without one it is the warm-up
    return search(request);
  };
  return index;
}
