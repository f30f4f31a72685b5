import { readdir, writeFile } from 'node:fs/promises';
import { randomUUID } from 'node:crypto';
import { join, resolve } from 'node:path';

import type { Impression, Item } from '@gatehouse/domain';
import { type Cleanup, createTemporaryFolder, startProcess, type TestProcess } from '@gatehouse/testing';

/** Apps that run until they are told to stop. */
export type AppName = 'trainer' | 'embedder' | 'retriever';

/** Settings of an app by the end of their variables, such as `PUBLISH_EVERY_EVENTS`. */
export type Settings = Readonly<Record<string, string | number>>;

/** How else to start an app. */
export interface StartOptions {
  /** Moment at which the app is killed; `kill-at.cjs` says how it is written. */
  readonly killAt?: string;
  /** Path of another configuration file. */
  readonly configFile?: string;
}

/** Where the events of a workspace are. */
export interface WorkspaceOptions {
  /** A Kafka cluster, on which the workspace has topics of its own. @default an embedded log */
  readonly brokers?: readonly string[] | undefined;
  /** Of the impressions on the cluster. @default 1 */
  readonly partitions?: number;
  /** A Qdrant server, on which the workspace has collections of its own. @default embedded indexes */
  readonly qdrant?: string | undefined;
}

/** Folders of one deployment, and the processes that work on them. */
export interface Workspace {
  readonly folder: string;
  readonly artifactsFolder: string;
  /** Folder of the embedded log. */
  readonly logFolder: string;
  /** Stands before the name of every topic on the cluster. */
  readonly topicPrefix: string;
  /** Ids of all indexes, in files or on the server. */
  indexIds(): Promise<string[]>;
  /** Runs `gatehouse ingest` to its end. @throws Error unless it takes every row. */
  ingest(impressions: readonly Impression[], items?: readonly Item[], settings?: Settings): Promise<void>;
  start(app: AppName, settings?: Settings, options?: StartOptions): TestProcess;
  /** Starts `gatehouse`. */
  command(args: readonly string[], settings?: Settings): TestProcess;
}

const root = resolve(__dirname, '../../..');
const here = join(root, 'apps', 'e2e', 'src'); // also for a bundle, which is beside it
/** Schema of every app, unless a test names another. */
export const schemaFile = join(here, 'checkerboard.schema.yaml');

/** Creates empty folders. `cleanup` ends every process, waits until it is gone with all its children, and removes the folders. */
export async function createWorkspace(
  cleanup: Cleanup,
  { brokers, partitions = 1, qdrant }: WorkspaceOptions = {},
): Promise<Workspace> {
  cleanup.add(checkNothingRuns); // the last step of all
  const folder = await createTemporaryFolder(cleanup);
  const pathOf = (name: string): string => join(folder, name);
  const unique = `e2e-${randomUUID()}`;
  const topicPrefix = `${unique}.`;
  const logFolder = pathOf('log');
  const log: Settings = brokers
    ? {
        LOG_KIND: 'kafka',
        KAFKA_BROKERS: JSON.stringify(brokers),
        KAFKA_TOPIC_PREFIX: topicPrefix,
        KAFKA_GROUP_ID: unique,
      }
    : { LOG_FOLDER: logFolder };
  const artifacts = { ARTIFACTS_FOLDER: pathOf('artifacts') };
  const index: Settings = qdrant
    ? { INDEX_KIND: 'qdrant', QDRANT_URL: qdrant, QDRANT_COLLECTION_PREFIX: `${unique}-` }
    : { INDEX_FOLDER: pathOf('index') };
  const polling = { POLL_MS: 10 };
  const defaults: Readonly<Record<AppName | 'cli', Settings>> = {
    // Staleness 1: the evaluation then scores with the vectors of each moment, also right after a restart.
    trainer: { ...log, ...artifacts, SCHEMA: schemaFile, BACKEND: '[cpu]', EVALUATION_MAX_STALENESS_STEPS: 1 },
    embedder: { ...log, ...artifacts, ...index, ...polling, BACKEND: '[cpu]' },
    retriever: {
      ...log,
      ...artifacts,
      ...index,
      ...polling,
      USER_STATE_FOLDER: pathOf('user-state'),
      PORT: 0,
      BACKEND: '[cpu]',
    },
    cli: { ...log, ...artifacts, SCHEMA: schemaFile },
  };
  let files = 0;

  const startNode = (
    app: AppName | 'cli',
    args: readonly string[],
    settings: Settings,
    killAt?: string,
  ): TestProcess => {
    const hook = killAt === undefined ? [] : ['--require', join(here, 'kill-at.cjs')];
    const started = startProcess({
      name: app,
      command: process.execPath,
      args: [...hook, join(root, 'dist', 'apps', app, 'main.js'), ...args],
      environment: {
        ...environmentOf(app, { ...defaults[app], ...settings }),
        ...(killAt !== undefined && { E2E_KILL_AT: killAt }),
      },
      workingFolder: root,
    });
    cleanup.add(async () => {
      await started.kill('SIGKILL');
    });
    return started;
  };

  const workspace: Workspace = {
    folder,
    artifactsFolder: artifacts.ARTIFACTS_FOLDER,
    logFolder,
    topicPrefix,
    indexIds: async () =>
      qdrant
        ? (await collectionsOf(qdrant, `${unique}-`)).map((name) => name.replace(/^.*items__/, ''))
        : (await readdir(pathOf('index'))).filter((name) => name.includes('.')),
    ingest: async (impressions, items, settings) => {
      const [eventsFile, itemsFile] = ['events', 'items'].map((name) => pathOf(`${name}-${++files}.csv`));
      await writeFile(eventsFile, eventsCsv(impressions));
      if (items) await writeFile(itemsFile, itemsCsv(items));
      const ingest = workspace.command(['ingest', eventsFile, ...(items ? ['--items', itemsFile] : [])], settings);
      const { code } = await ingest.ended;
      const results = ingest.lines.map(({ msg }) => msg);
      const expected = [`${eventsFile}: ${impressions.length} accepted, 0 rejected`];
      if (items) expected.push(`${itemsFile}: ${items.length} accepted, 0 rejected`);
      if (code !== 0 || !expected.every((line) => results.includes(line)))
        throw new Error(`ingest: expected ${expected.join(', ')}, found code ${code}: ${results.join('\n')}`);
    },
    start: (app, settings = {}, { killAt, configFile } = {}) =>
      startNode(app, configFile === undefined ? [] : [configFile], settings, killAt),
    command: (args, settings = {}) => startNode('cli', args, settings),
  };
  if (qdrant) cleanup.add(() => dropCollections(qdrant, `${unique}-`));
  if (brokers) {
    const { code } = await workspace.command(['topics', '--partitions', String(partitions)]).ended;
    if (code !== 0) throw new Error(`topics: expected code 0, found ${code}`);
  }
  return workspace;
}

/** Drops the collections of a Qdrant server whose names begin with a prefix. */
export async function dropCollections(url: string, prefix: string): Promise<void> {
  for (const name of await collectionsOf(url, prefix)) await fetch(`${url}/collections/${name}`, { method: 'DELETE' });
}

async function collectionsOf(url: string, prefix: string): Promise<string[]> {
  const listed = (await (await fetch(`${url}/collections`)).json()) as {
    readonly result: { readonly collections: readonly { readonly name: string }[] };
  };
  return listed.result.collections.map(({ name }) => name).filter((name) => name.startsWith(prefix));
}

function environmentOf(app: string, settings: Settings): Record<string, string> {
  const prefix = `GATEHOUSE_${app.toUpperCase()}_`;
  return Object.fromEntries(Object.entries(settings).map(([key, value]) => [prefix + key, String(value)]));
}

/** Events as a file that `gatehouse ingest` takes. */
export function eventsCsv(impressions: readonly Impression[]): string {
  const rows = impressions.map((event) => [event.userId, event.itemId, event.eventTimeMs, event.action].join(','));
  return ['user,item,timestamp,action', ...rows, ''].join('\n');
}

function itemsCsv(items: readonly Item[]): string {
  const rows = items.map(({ itemId, features, available }) => [itemId, features['group'], available].join(','));
  return ['item,group,available', ...rows, ''].join('\n');
}

function checkNothingRuns(): void {
  const running = process.getActiveResourcesInfo().filter((resource) => resource === 'ProcessWrap');
  if (running.length > 0) throw new Error(`cleanup: expected no process of the test to run, found ${running.length}`);
}
