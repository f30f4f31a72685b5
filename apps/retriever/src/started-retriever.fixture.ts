import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { type CandidateClient, createCandidateClient } from '@gatehouse/client';
import { createProfileTable, userProfileFormat } from '@gatehouse/events';
import {
  createEmbeddedImpressionSink,
  createEmbeddedImpressionSource,
  createEmbeddedUserState,
  openEmbeddedLog,
} from '@gatehouse/events/embedded';
import { createMemoryCompactedTopic, createMemoryItemCatalogue, createUserState } from '@gatehouse/events/memory';
import type { SearchRequest } from '@gatehouse/item-index';
import { createMetrics, delay, systemClock, waitFor } from '@gatehouse/runtime';
import type { Schema } from '@gatehouse/schema';

import {
  createFakeIndex,
  createFakeModels,
  createFakeTowers,
  createRecordingLogger,
  hitsOf,
} from './retriever.fixture';
import { fusionSettings } from './fusion-settings';
import { sourceSettings } from './sources/source-settings';
import { limitSettings } from './transport/transport-settings';
import { type RetrieverSettings, startRetriever } from './start-retriever';

export const soon = { timeoutMs: 20_000, everyMs: 5 };
export const settings: RetrieverSettings = {
  host: '127.0.0.1',
  port: 0,
  insecure: false,
  access: null,
  reflection: false,
  tls: null,
  limits: limitSettings.parse({}),
  pollMs: 10,
  sources: sourceSettings.parse({}),
  fusion: fusionSettings.parse({}),
  searchEffort: 0,
  calls: { defaultDeadlineMs: 1000, maxConcurrent: 100, maxWaiting: 100, targetWaitMs: 10_000, minEffortShare: 1 },
  drain: { noticeMs: 50, timeoutMs: 5000 },
};

export type Search = (request: SearchRequest) => Promise<ReturnType<typeof hitsOf>>;

/** Items are named after version and length of the history, as the query vector has them. */
export const named: Search = async ({ vector, k }) =>
  hitsOf(...Array.from({ length: Math.min(k, 5) }, (_, i) => `v${vector[0]}-h${vector[1]}-${i}`));

export const rulesOf = ({ userState }: Schema) => ({ ...userState, entersHistory: () => true, marksSeen: () => true });

export const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (let close = closing.pop(); close; close = closing.pop()) await close();
});

export const noProfiles = () => createProfileTable(createMemoryCompactedTopic(userProfileFormat));

/** Starts a retriever of doubles over an embedded log. */
export async function start(search: Search = named, changed: Partial<RetrieverSettings> = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'retriever-'));
  closing.push(() => rm(folder, { recursive: true }));
  const log = openEmbeddedLog({ folder: join(folder, 'log') });
  closing.push(() => log.close());
  const models = createFakeModels();
  const logger = createRecordingLogger();
  const retriever = await startRetriever(
    {
      models,
      loadParts: models.load,
      indexes: { open: async (indexId) => createFakeIndex(indexId, search) },
      towers: createFakeTowers(),
      source: createEmbeddedImpressionSource(log),
      items: createMemoryItemCatalogue(),
      profiles: noProfiles(),
      openUsers: (schema) => createEmbeddedUserState(join(folder, 'users'), rulesOf(schema)),
      nobody: (schema) => createUserState(rulesOf(schema)).snapshot(),
      metrics: createMetrics('test_'),
      clock: systemClock,
      delay,
      logger,
    },
    { ...settings, ...changed },
  );
  let stopped: Promise<void> | undefined;
  const stop = () => (stopped ??= retriever.stop());
  closing.push(stop);
  const client = clientOf(`127.0.0.1:${retriever.port}`);
  const serve = async (version: string) => {
    models.point({ version, indexId: `${version}.1` });
    await waitFor(() => logger.lines.some(({ fields }) => fields['indexVersion'] === `${version}.1`), {
      what: `version ${version}`,
      ...soon,
    });
  };
  return { retriever, client, serve, stop, logger, sink: createEmbeddedImpressionSink(log) };
}

export function clientOf(address: string): CandidateClient {
  const client = createCandidateClient({ address, deadlineMs: 5000 });
  closing.push(() => client.close());
  return client;
}
