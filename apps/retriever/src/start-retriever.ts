import type { ModelReader } from '@gatehouse/artifacts';
import type { Snapshot } from '@gatehouse/domain';
import type { FollowerUserState, ImpressionSource, ProfileTable } from '@gatehouse/events';
import type { Clock, Delay, Logger } from '@gatehouse/runtime';
import { readsProfiles, type Schema } from '@gatehouse/schema';

import { adopt, type Adopting } from './adopt';
import { createCalls } from './calls';
import type { RetrieverConfig } from './config';
import { drain } from './drain';
import { createImpressionFollower } from './follow-impressions';
import { createProfileFollower } from './follow-profiles';
import { followPointer } from './follow-pointer';
import { createRetrieve } from './retrieve';
import { startServer } from './server';
import { createServing } from './serving';
import { disposePair, type ServingPair } from './serving-pair';
import { createSimilarItems } from './similar-items';

/** User state that this process holds open. */
export type OpenUserState = FollowerUserState & { close(): Promise<void> };

/** Collaborators of {@link startRetriever}. */
export interface RetrieverParts {
  readonly models: ModelReader;
  readonly loadParts: Adopting['loadParts'];
  readonly indexes: Adopting['indexes'];
  readonly towers: Adopting['towers'];
  readonly source: ImpressionSource;
  readonly profiles: ProfileTable;
  /** Opens the users' state by the rules of the first version's schema. */
  readonly openUsers: (schema: Schema) => OpenUserState;
  /** Snapshot of a state of nobody, by the same rules. */
  readonly nobody: (schema: Schema) => Snapshot;
  readonly clock: Clock;
  readonly delay: Delay;
  readonly logger: Logger;
}

/** Settings of {@link startRetriever}. */
export type RetrieverSettings = Pick<
  RetrieverConfig,
  'host' | 'port' | 'insecure' | 'tls' | 'limits' | 'pollMs' | 'searchEffort' | 'calls' | 'drain'
>;

/** A running retriever. */
export interface RunningRetriever {
  readonly port: number;
  /** Rejects when something broke that serving cannot go on without; never resolves. */
  readonly failed: Promise<never>;
  /** Ends without failing a call, and frees everything. */
  readonly stop: () => Promise<void>;
}

/** Name of the part of a version that holds the users' state. */
const userStatePart = 'user-state';

/**
 * Starts serving: the server answers at once, with UNAVAILABLE until the first version is adopted.
 *
 * @throws SettingsError, ListenError.
 */
export async function startRetriever(parts: RetrieverParts, settings: RetrieverSettings): Promise<RunningRetriever> {
  const { models, loadParts, source, profiles, openUsers, nobody, clock, delay, logger } = parts;
  const { searchEffort, pollMs } = settings;
  const stopping = new AbortController();
  const { signal } = stopping;

  const serving = createServing((pair) =>
    disposePair(pair).catch((error: unknown) =>
      logger.warn('version.not-freed', { modelVersion: pair.version, error }),
    ),
  );
  let users: OpenUserState | undefined;
  const calls = createCalls(settings.calls, clock, logger);
  const knownUsers = { get: (userId: string) => users?.get(userId) };
  const { featuresOf } = profiles;
  const retrieve = createRetrieve({ serving, users: knownUsers, featuresOf, clock, searchEffort, logger });
  const similarItems = createSimilarItems({ serving, searchEffort, logger });
  const server = await startServer(
    { retrieve: retrieve.one, batchRetrieve: retrieve.batch, similarItems },
    calls,
    settings,
    { clock, delay, logger },
  );

  let followingLog: Promise<void> = Promise.resolve();
  const followLog = async (first: ServingPair): Promise<void> => {
    users = openUsers(first.schema);
    const readUsers = async (version: string) => (await loadParts(version, [userStatePart])).parts[userStatePart];
    const follower = createImpressionFollower({
      source,
      users,
      readUsers,
      nobody: nobody(first.schema),
      delay,
      logger,
    });
    await follower.catchUp(first); // before the first answer, so that nobody is a stranger
    followingLog = follower.follow(serving.current, signal);
  };
  let followingProfiles: Promise<void> | undefined;
  const followProfiles = async (): Promise<void> => {
    const follower = createProfileFollower({ profiles, delay, logger });
    await follower.load(); // before the first answer too
    followingProfiles = follower.follow(signal);
  };
  const serve = async (pair: ServingPair): Promise<void> => {
    if (!users) await followLog(pair);
    if (!followingProfiles && readsProfiles(pair.schema)) await followProfiles();
    serving.replace(pair);
    if (!signal.aborted) server.setServing(true);
  };
  const followingPointer = followPointer(
    { models, adopt: (pointer) => adopt(pointer, parts), serve, pollMs, clock, delay, logger },
    signal,
  );

  return {
    port: server.port,
    failed: followingPointer.then(() => new Promise<never>(() => undefined)),
    stop: async () => {
      stopping.abort();
      await drain(server, calls, settings.drain, delay);
      await Promise.allSettled([followingPointer, followingLog, followingProfiles]);
      await serving.close();
      await users?.close();
    },
  };
}
