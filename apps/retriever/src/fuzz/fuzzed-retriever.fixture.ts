import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { createRandom, type ItemId, type Snapshot } from '@gatehouse/domain';
import { createPopularity } from '@gatehouse/evaluation';
import { createProfileTable, userProfileFormat, userStateOptions } from '@gatehouse/events';
import { createMemoryCompactedTopic, createMemoryItemCatalogue, createUserState } from '@gatehouse/events/memory';
import { openEmbeddedItemIndexStore } from '@gatehouse/item-index/embedded';
import { createMetrics, delay, type Logger, systemClock } from '@gatehouse/runtime';
import { compileSchema, type Schema } from '@gatehouse/schema';
import {
  canariesPart,
  createCanaryQueries,
  createTwoTowerModel,
  loadBackend,
  schemaPart,
  snapshotSchema,
} from '@gatehouse/towers';

import { retrieverConfig } from '../config';
import { createFakeModels } from '../retriever.fixture';
import { popularityPart } from '../sources/popular';
import { startRetriever } from '../start-retriever';
import { twoTowerLibrary } from '../two-tower-library';
import { fuzzedItems, fuzzedSchema, fuzzedUsers } from './fuzzed-catalogue.fixture';

/** What the process says of itself when it is asked. */
export interface SelfReport {
  readonly rssBytes: number;
  /** Errors that nobody caught. */
  readonly uncaught: readonly string[];
  /** What was logged as a warning or an error. */
  readonly complaints: readonly string[];
}

const [version, indexId] = ['1-1', '1-1.1'] as const;
const uncaught: string[] = [];
const complaints: string[] = [];

const logger: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: (message, fields) => void complaints.push(`${message} ${String(fields?.['error'])}`),
  error: (message, fields) => void complaints.push(`${message} ${String(fields?.['error'])}`),
  child: () => logger,
};

/** A model with random weights that reads every kind of feature, and its items in an index with a graph. */
async function createVersion(schema: Schema, folder: string) {
  const model = createTwoTowerModel(schema, createRandom('rows', 1));
  const canaries = createCanaryQueries(64);
  const popularity = createPopularity(popularityPart);
  fuzzedItems.forEach(({ itemId }, i) => {
    canaries.add(
      { features: { age: i }, history: [{ itemId, eventTimeMs: i }], context: {}, requestTimeMs: i },
      itemId,
    );
    if (i % 3 === 0) popularity.observe(itemId);
  });
  const indexes = await openEmbeddedItemIndexStore({ folder, exactBelow: 0 });
  const index = await indexes.create(indexId, {
    dimension: schema.outputDimension,
    metric: 'dot',
    attributes: schema.attributes,
    manifest: { modelVersion: version, catalogueTimeMs: 7 },
  });
  const random = createRandom('vectors', 1);
  await index.upsert(
    fuzzedItems.map((item) => ({
      ...item,
      vector: Float32Array.from({ length: schema.outputDimension }, () => 2 * random.next() - 1),
    })),
  );
  await index.seal();
  await index.close();
  const parts: Record<string, Snapshot> = {
    [schemaPart]: snapshotSchema(schema),
    [canariesPart]: canaries.snapshotFor(model.query),
    [popularityPart]: popularity.snapshot(),
    ...Object.fromEntries(model.parts.map((part) => [part.name, part.snapshot()])),
  };
  return { parts, indexes };
}

/** Users with a history, whom requests may name. */
function usersOf(schema: Schema) {
  const users = createUserState(userStateOptions(schema));
  const met = (userId: string, itemId: ItemId, i: number) => ({
    eventId: `${userId}-${i}`,
    userId,
    itemId,
    eventTimeMs: i,
    action: 'click',
  });
  users.apply(
    fuzzedUsers.flatMap((userId, u) =>
      fuzzedItems.slice(50 * u, 50 * u + 200).map(({ itemId }, i) => met(userId, itemId, i)),
    ),
    {},
  );
  return users;
}

/** A retriever in a process of its own: it says its port to its parent, then reports on itself whenever it is told anything. */
async function main(): Promise<void> {
  await loadBackend(['cpu']);
  const schema = compileSchema(fuzzedSchema, 'fuzzed.yaml');
  const folder = await mkdtemp(join(tmpdir(), 'fuzzed-'));
  const { parts, indexes } = await createVersion(schema, folder);
  const models = createFakeModels();
  const manifest = async () => ({
    ...(await models.manifest(version)),
    files: Object.keys(parts).map((part) => ({ name: part, bytes: 0, sha256: '' })),
  });
  const users = usersOf(schema);
  const retriever = await startRetriever(
    {
      models: { ...models, manifest },
      loadParts: async () => ({ manifest: await manifest(), parts }),
      indexes,
      towers: twoTowerLibrary,
      source: {
        read: async function* (_start, signal) {
          await once(signal, 'abort');
        },
        earliestOffsets: async () => ({}),
        endOffsets: async () => ({}),
      },
      items: createMemoryItemCatalogue(),
      profiles: createProfileTable(createMemoryCompactedTopic(userProfileFormat)),
      openUsers: () => ({ ...users, get: users.get, load: async () => undefined, close: async () => undefined }),
      nobody: () => users.snapshot(),
      metrics: createMetrics('test_'),
      clock: systemClock,
      delay,
      logger,
    },
    retrieverConfig.parse({ port: 0, pollMs: 10, calls: { defaultDeadlineMs: 60_000, targetWaitMs: 60_000 } }),
  );
  models.point({ version, indexId });
  process.on('message', () => {
    globalThis.gc?.();
    process.send?.({ rssBytes: process.memoryUsage().rss, uncaught, complaints } satisfies SelfReport);
  });
  process.on('disconnect', () => {
    void retriever
      .stop()
      .then(() => rm(folder, { recursive: true }))
      .then(() => process.exit(0));
  });
  process.send?.({ port: retriever.port });
}

for (const event of ['uncaughtException', 'unhandledRejection'] as const)
  process.on(event, (error: unknown) =>
    uncaught.push(error instanceof Error ? (error.stack ?? error.message) : String(error)),
  );
void main();
