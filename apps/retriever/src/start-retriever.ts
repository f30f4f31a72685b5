import type { ModelReader } from '@gatehouse/artifacts';
import type { Snapshot } from '@gatehouse/domain';
import type { FollowerUserState, ImpressionSource, ItemCatalogue, ProfileTable } from '@gatehouse/events';
import type { Clock, Delay, Logger, Metrics } from '@gatehouse/runtime';
import { actionOf, readsProfiles, type Schema } from '@gatehouse/schema';

import { openAccess } from './access/open-access';
import { createPrincipalOfPeer } from './access/principal-of-certificate';
import { adopt, type Adopting } from './adopt';
import { createCalls } from './calls';
import type { RetrieverConfig } from './config';
import { drain } from './drain';
import { type Counting, createImpressionFollower } from './follow-impressions';
import { createItemFollower } from './follow-items';
import { createProfileFollower } from './follow-profiles';
import { followPointer } from './follow-pointer';
import { createOverloadControl } from './overload/control-overload';
import { createRetrieve } from './retrieve';
import { startServer } from './server';
import { createServing } from './serving';
import { disposePair, type ServingPair } from './serving-pair';
import { createSimilarItems } from './similar-items';
import { createTelemetry } from './telemetry';
import { createTracing } from './tracing';
import { createPeers } from './transport/peers';
import { createSources } from './sources/create-sources';
import type { Trending } from './sources/trending';

/** User state that this process holds open. */
export type OpenUserState = FollowerUserState & { close(): Promise<void> };

/** Collaborators of {@link startRetriever}. */
export interface RetrieverParts {
  readonly models: ModelReader;
  readonly loadParts: Adopting['loadParts'];
  readonly indexes: Adopting['indexes'];
  readonly towers: Adopting['towers'];
  readonly source: ImpressionSource;
  /** Read only when a source needs it. */
  readonly items: ItemCatalogue;
  readonly profiles: ProfileTable;
  /** Opens the users' state by the rules of the first version's schema. */
  readonly openUsers: (schema: Schema) => OpenUserState;
  /** Snapshot of a state of nobody, by the same rules. */
  readonly nobody: (schema: Schema) => Snapshot;
  /** Gets the retriever's own. */
  readonly metrics: Metrics;
  readonly clock: Clock;
  readonly delay: Delay;
  readonly logger: Logger;
}

/** Settings of {@link startRetriever}. */
export type RetrieverSettings = Pick<
  RetrieverConfig,
  | 'host'
  | 'port'
  | 'insecure'
  | 'tls'
  | 'limits'
  | 'access'
  | 'reflection'
  | 'pollMs'
  | 'sources'
  | 'fusion'
  | 'searchEffort'
  | 'calls'
  | 'drain'
>;

/** A running retriever. */
export interface RunningRetriever {
  readonly port: number;
  /** Whether it has a version to answer from, and is not about to end. */
  readonly isReady: boolean;
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
  const { models, loadParts, source, items, profiles, openUsers, nobody, metrics, clock, delay, logger } = parts;
  const telemetry = createTelemetry(metrics);
  const tracing = createTracing();
  const { pollMs, fusion } = settings;
  const stopping = new AbortController();
  const { signal } = stopping;

  const serving = createServing((pair) =>
    disposePair(pair).catch((error: unknown) =>
      logger.warn('version.not-freed', { modelVersion: pair.version, error }),
    ),
  );
  let users: OpenUserState | undefined;
  const { admission, limit, effortOf } = createOverloadControl(settings, clock);
  const calls = createCalls(settings.calls, { admission, telemetry, tracing, clock, logger });
  const knownUsers = { get: (userId: string) => users?.get(userId) };
  const { featuresOf } = profiles;
  const sources = createSources(settings.sources, clock);
  const retrieve = createRetrieve({
    serving,
    users: knownUsers,
    featuresOf,
    sources,
    fusion,
    clock,
    effortOf,
    telemetry,
    tracing,
    logger,
  });
  const similarItems = createSimilarItems({ serving, effortOf, tracing, logger });
  const peers = createPeers();
  const principalOfPeer = settings.tls?.clientCaFile === undefined ? undefined : createPrincipalOfPeer(peers);
  const access = await openAccess(settings.access, { clock, logger, ...(principalOfPeer && { principalOfPeer }) });
  const server = await startServer(
    { retrieve: retrieve.one, batchRetrieve: retrieve.batch, similarItems },
    calls,
    settings,
    { peers, interceptors: access.interceptors, onClosed: (why) => telemetry.closed(why), clock, delay, logger },
  );
  const followingAccess = access.follow(delay, signal);
  telemetry.observe({
    admission,
    limit,
    pair: () => serving.current(),
    connections: () => server.connections,
    nowMs: () => clock.nowMs(),
  });

  let followingLog: Promise<void> = Promise.resolve();
  const followLog = async (first: ServingPair): Promise<void> => {
    users = openUsers(first.schema);
    const readUsers = async (version: string) => (await loadParts(version, [userStatePart])).parts[userStatePart];
    const follower = createImpressionFollower({
      source,
      users,
      readUsers,
      nobody: nobody(first.schema),
      ...(sources.trending && { counting: countingOf(sources.trending, first.schema) }),
      delay,
      logger,
    });
    await follower.catchUp(first); // before the first answer, so that nobody is a stranger
    followingLog = follower.follow(serving.current, signal);
  };
  const { lookBackEvents } = settings.sources.trending;
  const countingOf = (trending: Trending, schema: Schema): Counting => ({
    lookBackEvents,
    apply: (impressions) => trending.apply(impressions, (action) => actionOf(schema, action)?.weight ?? 0),
    clear: () => trending.clear(),
  });
  let followingProfiles: Promise<void> | undefined;
  const followProfiles = async (): Promise<void> => {
    const follower = createProfileFollower({ profiles, delay, logger });
    await follower.load(); // before the first answer too
    followingProfiles = follower.follow(signal);
  };
  let followingItems: Promise<void> | undefined;
  const followItems = async (): Promise<void> => {
    const follower = createItemFollower({ items, listeners: sources.itemListeners, delay, logger });
    followingItems = follower.follow(signal);
    await follower.caughtUp(signal); // before the first answer too
  };
  const serve = async (pair: ServingPair): Promise<void> => {
    if (!users) await followLog(pair);
    if (!followingItems && sources.itemListeners.length > 0) await followItems();
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
    get isReady() {
      return serving.current() !== undefined && !signal.aborted;
    },
    failed: followingPointer.then(() => new Promise<never>(() => undefined)),
    stop: async () => {
      stopping.abort();
      await drain(server, calls, settings.drain, delay);
      await Promise.allSettled([followingPointer, followingLog, followingProfiles, followingItems, followingAccess]);
      await serving.close();
      await users?.close();
    },
  };
}
