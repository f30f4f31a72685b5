import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { Impression } from '@gatehouse/domain';
import { type Cleanup, createCleanup, createWorld, kafkaBrokers } from '@gatehouse/testing';

import { drawKillPlan, killSeeds, killsPerPlan } from './kill-plan';
import { type Checkpoint, differingParts, readBases, readCheckpoint } from './read-checkpoint';
import { createWorkspace, schemaFile, type Settings, type Workspace, type WorkspaceOptions } from './workspace';

jest.setTimeout(120_000);

const batchSize = 16;
/** An action that only the newer schema of whoever writes the log knows: the trainer sets such events aside. */
const unknownAction = 'share';

const world = createWorld({ seed: 5, users: 40, items: 80, groups: 4, events: 800, shownShare: 0.1 });
const events = world.impressions.map((event, n) => (n % 50 === 7 ? { ...event, action: unknownAction } : event));
/** One in ten comes twice, as after a producer's retry. */
const isRepeated = ({ action }: Impression, n: number): boolean => action === 'click' && n % 9 === 3;
const impressions = events.flatMap((event, n) => (isRepeated(event, n) ? [event, event] : [event]));
const isDuplicate = (offset: number): boolean => impressions[offset - 1] === impressions[offset];
const offsetsOf = (action: string): number[] =>
  impressions.flatMap((event, offset) => (event.action === action && !isDuplicate(offset) ? [offset] : []));
const clicks = offsetsOf('click');
/** The trainer learns whole batches: up to the last click that fills one. */
const applied = clicks.length - (clicks.length % batchSize);
const endOffset = clicks[applied - 1] + 1;
const before = (offsets: readonly number[]): number => offsets.filter((offset) => offset < endOffset).length;

async function filledWorkspace(cleanup: Cleanup, options: WorkspaceOptions): Promise<Workspace> {
  const workspace = await createWorkspace(cleanup, options);
  const newerSchema = join(workspace.folder, 'newer.schema.yaml');
  const schema = await readFile(schemaFile, 'utf8');
  await writeFile(newerSchema, schema.replace('actions:', `actions:\n  ${unknownAction}: { weight: 2 }`));
  await workspace.ingest(impressions, world.items, { SCHEMA: newerSchema });
  return workspace;
}

/** Lets the trainer learn to the end of the log, and ends it in order. */
async function finish(workspace: Workspace, settings: Settings): Promise<Checkpoint> {
  const trainer = workspace.start('trainer', { ...settings, PUBLISH_AFTER_IDLE_MS: 300 });
  await trainer.waitForLine(({ msg, events }) => msg === 'model.published' && events === applied, {
    what: `a version of ${applied} events`,
    timeoutMs: 60_000,
  });
  expect(await trainer.kill('SIGTERM')).toEqual({ code: 0, signal: null });
  return readCheckpoint(workspace.artifactsFolder);
}

/** Some of the parts that are compared. */
const partsAmongOthers = [
  'table.items',
  'table.items.adagrad',
  'query.dense',
  'query.dense.adam',
  'frequency',
  'random.negatives',
  'user-state',
];

const brokers = kafkaBrokers();
const LOGS: readonly (readonly [name: string, options: WorkspaceOptions])[] = [
  ['an embedded log', {}],
  ...(brokers
    ? ([
        ['one partition of a broker', { brokers }],
        ['a backlog on four partitions', { brokers, partitions: 4 }],
      ] as const)
    : []),
];

describe.each(LOGS)('a trainer that is killed again and again, on %s', (_, options) => {
  const cleanup = createCleanup();
  afterEach(() => cleanup.run());

  const cleanupOfAll = createCleanup();
  let uninterrupted: Checkpoint;
  beforeAll(async () => {
    uninterrupted = await finish(await filledWorkspace(cleanupOfAll, options), { PUBLISH_EVERY_EVENTS: 1_000_000 });
  });
  afterAll(() => cleanupOfAll.run());

  it.each(killSeeds(killsPerPlan))('learns what an uninterrupted one does, bit for bit (E2E_SEED=%i)', async (seed) => {
    const workspace = await filledWorkspace(cleanup, options);
    const often = { PUBLISH_EVERY_EVENTS: 4 * batchSize };

    for (const { moment, killAt, settings } of drawKillPlan(seed)) {
      const trainer = workspace.start('trainer', { ...often, ...settings }, { killAt });
      const end = await trainer.waitForEnd({ what: `a kill at ${killAt}`, timeoutMs: 30_000 });
      expect({ moment, killAt, ...end }).toEqual({ moment, killAt, code: null, signal: 'SIGKILL' });
    }
    const killed = await finish(workspace, often);

    expect([...killed.parts.keys()]).toEqual(expect.arrayContaining(partsAmongOthers));
    expect(differingParts(killed, uninterrupted)).toEqual([]);
    const bases = await readBases(workspace.artifactsFolder);
    expect([...bases.values()].filter((base) => base !== null)).not.toEqual([]); // what was compared went through deltas
    const pending = impressions.length - killed.offset;
    const { counts } = killed;
    expect(counts.applied + counts.unweighted + counts.deadLettered + counts.duplicates + pending).toBe(
      impressions.length,
    );
    expect(killed.offset).toBe(endOffset);
    expect(counts).toEqual({
      applied,
      skipped: 0,
      unweighted: before(offsetsOf('shown')),
      deadLettered: before(offsetsOf(unknownAction)),
      duplicates: before([...impressions.keys()].filter(isDuplicate)),
    });
  });
});
