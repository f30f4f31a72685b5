import { spawnSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

import { createFilesystemModelStore } from '@gatehouse/artifacts/filesystem';
import { createRandom, hashIds, type Snapshot, type StateTensor } from '@gatehouse/domain';
import type { UserStateOptions } from '@gatehouse/events';
import { createEmbeddedUserState } from '@gatehouse/events/embedded';
import {
  createCleanup,
  describeMachine,
  machineLine,
  markdownTable,
  writeResult,
  writeSection,
} from '@gatehouse/testing';

import { createOffThreadLoader } from '../src/load-off-thread';
import { quantile } from './generate-load';
import { playRole, startRole } from './role';

/*
 * How long a retriever without a state of its own takes until it knows the users of a published version, what it needs for that, and how
 * fast it finds one then; and the same for one that starts again. Writes docs/benchmarks.md and reports/bench-users.json. `-- --quick`:
 * 50,000 users, and no page.
 */
const isQuick = process.argv.includes('--quick');
const userCount = isQuick ? 50_000 : 1_000_000;
const itemCount = 100_000;
const [historyLength, seenLength] = [10, 20];
const gets = 20_000;
const version = '1-1';
const offsets = { impressions: { 0: userCount } };
const options: UserStateOptions = {
  historyLimit: 50,
  seenLimit: 10_000,
  entersHistory: () => true,
  marksSeen: () => true,
};

interface Folders {
  readonly artifacts: string;
  readonly users: string;
}

/** What a process found out about itself. */
interface Found {
  /** Reading the version's part and checking its hashes, in a thread of its own. */
  readonly readMs: number;
  /** From there until everybody is known. */
  readonly loadMs: number;
  /** Of all threads, for both: what it takes where other work does not share the cores. */
  readonly cpuMs: number;
  /** Longest time in which the process answered nobody. */
  readonly blockedMs: number;
  readonly getP50Us: number;
  readonly getP99Us: number;
  readonly megabytes: Memory;
  readonly peakMegabytes: number;
  readonly diskMegabytes: number;
}

/** Of the process: its own, and pages of files that it has mapped, which the system takes back when it needs them. */
interface Memory {
  readonly own: number;
  readonly files: number;
}

/** Ids in no order, as they come in a stream. */
const userIdOf = (n: number): string => `user-${Math.imul(n, 2_654_435_761) >>> 0}`;
const itemIdOf = (n: number): string => `item-${n}`;

/** A published state of the users, in the arrays of a checkpoint. */
function createSnapshot(): Snapshot {
  const random = createRandom('users', 1);
  const items = Array.from({ length: itemCount }, (_, n) => itemIdOf(n));
  const itemKeys = hashIds(items);
  const drawn = (count: number): Uint32Array => Uint32Array.from({ length: count }, () => random.below(itemCount));
  const seenItems = drawn(userCount * seenLength);
  const seenKeys = new Uint32Array(seenItems.length * 2);
  for (const [i, item] of seenItems.entries()) seenKeys.set(itemKeys.subarray(item * 2, item * 2 + 2), i * 2);
  const evenly = (each: number): StateTensor => words(Uint32Array.from({ length: userCount + 1 }, (_, n) => n * each));
  return {
    tensors: {
      ...packed(
        'user',
        Array.from({ length: userCount }, (_, n) => userIdOf(n)),
      ),
      ...packed('item', items),
      'history-offsets': evenly(historyLength),
      'history-items': words(drawn(userCount * historyLength)),
      'history-times': doubles(Float64Array.from({ length: userCount * historyLength }, (_, i) => i)),
      'seen-offsets': evenly(seenLength),
      'seen-keys': { dtype: 'U32', shape: [seenItems.length, 2], data: seenKeys },
      'last-event-times': doubles(new Float64Array(userCount).fill(1)),
    },
    metadata: { format: 1, historyLimit: options.historyLimit, seenLimit: options.seenLimit, offsets },
  };
}

const words = (data: Uint32Array): StateTensor => ({ dtype: 'U32', shape: [data.length], data });
const doubles = (data: Float64Array): StateTensor => ({ dtype: 'F64', shape: [data.length], data });

function packed(name: string, ids: readonly string[]): Record<string, StateTensor> {
  const data = new Uint8Array(Buffer.from(ids.join('')));
  const ends = new Uint32Array(ids.length + 1);
  for (const [i, id] of ids.entries()) ends[i + 1] = ends[i] + id.length;
  return { [`${name}-ids`]: { dtype: 'U8', shape: [data.length], data }, [`${name}-id-offsets`]: words(ends) };
}

async function prepare({ artifacts }: Folders): Promise<number> {
  const writer = await createFilesystemModelStore({ folder: artifacts }).lead('trainer');
  const manifest = await writer.save({
    ...{ id: version, parent: null, schemaHash: '0'.repeat(64), offsets, metrics: {}, base: null },
    parts: { 'user-state': createSnapshot() },
  });
  return manifest.files.reduce((sum, { bytes }) => sum + bytes, 0) / 1e6;
}

/** Starts as a retriever does: takes over the version unless the state on disk is as new. */
async function start({ artifacts, users: folder }: Folders): Promise<Found> {
  let [last, blockedMs] = [performance.now(), 0];
  const look = (): void => {
    blockedMs = Math.max(blockedMs, performance.now() - last);
    last = performance.now();
  };
  const timer = setInterval(look, 1);
  const cpuBefore = process.cpuUsage();
  const began = performance.now();
  const users = createEmbeddedUserState(folder, options);
  let readMs = 0;
  if (users.userCount === 0) {
    const load = createOffThreadLoader(resolve('dist/apps/retriever/load-version.worker.js'), artifacts);
    const { parts } = await load(version, ['user-state']);
    readMs = performance.now() - began;
    await users.load(parts['user-state'], offsets);
  }
  const loadMs = performance.now() - began - readMs;
  const { user, system } = process.cpuUsage(cpuBefore);
  look();
  clearInterval(timer);
  if (users.userCount !== userCount) throw new Error(`users: expected ${userCount}, found ${users.userCount}`);

  const random = createRandom('gets', 1);
  const us: number[] = [];
  for (let n = 0; n < gets; n++) {
    const userId = userIdOf(random.below(userCount));
    const from = performance.now();
    const record = users.get(userId);
    us.push((performance.now() - from) * 1000);
    if (record?.history.length !== historyLength) throw new Error(`${userId}: expected a history of ${historyLength}`);
  }
  for (let n = 0; n < 5; n++) {
    globalThis.gc?.();
    await new Promise((resolve) => setImmediate(resolve));
  }
  const found = {
    ...{
      readMs,
      loadMs,
      cpuMs: (user + system) / 1e3,
      blockedMs,
      getP50Us: quantile(us, 0.5),
      getP99Us: quantile(us, 0.99),
    },
    megabytes: memory(),
    peakMegabytes: process.resourceUsage().maxRSS / 1e3,
    diskMegabytes: statSync(join(folder, 'data.mdb')).size / 1e6,
  };
  await users.close();
  return found;
}

/** As Linux tells it. */
function memory(): Memory {
  const status = readFileSync('/proc/self/status', 'utf8');
  const of = (name: string): number => Number(new RegExp(`^${name}:\\s*(\\d+) kB`, 'm').exec(status)?.[1]) / 1e3;
  return { own: of('RssAnon'), files: of('RssFile') };
}

async function main(): Promise<void> {
  const cleanup = createCleanup();
  const folder = await mkdtemp(join(tmpdir(), 'gatehouse-bench-'));
  cleanup.add(() => rm(folder, { recursive: true }));
  try {
    const built = spawnSync(process.execPath, ['tools/build-app.mjs', 'apps/retriever'], { stdio: 'inherit' });
    if (built.status !== 0) throw new Error('the retriever was not built');
    const folders: Folders = { artifacts: join(folder, 'artifacts'), users: join(folder, 'users') };
    const play = async <T>(role: string): Promise<T> => {
      const playing = startRole<T>(role, folders);
      cleanup.add(() => playing.end());
      const answer = await playing.answer;
      playing.end();
      return answer;
    };
    const fileMegabytes = await play<number>('prepare');
    const starts: readonly (readonly [string, Found])[] = [
      ['without a state of its own', await play<Found>('start')],
      ['again', await play<Found>('start')],
    ];
    const machine = describeMachine();
    const page = `${userCount.toLocaleString('en')} users with histories of ${historyLength} and ${seenLength} seen items each, of ${itemCount.toLocaleString('en')} items: ${fileMegabytes.toFixed(0)} MB in the version. Milliseconds
until a retriever has read and checked the version's part (in a thread of its own), until it knows everybody, of the processor for both,
and the longest in which it answered nobody. Its own memory after that, the pages of files that it has mapped and the system may take back, and the
most of both meanwhile, with the version; its file. Microseconds to find a user.

${markdownTable(
  [
    'start',
    'read, ms',
    'load, ms',
    'CPU, ms',
    'longest block, ms',
    'own MB',
    'mapped MB',
    'most MB',
    'file, MB',
    'get p50, us',
    'get p99, us',
  ],
  starts.map(([name, found]) => [
    name,
    ...[
      found.readMs,
      found.loadMs,
      found.cpuMs,
      found.blockedMs,
      found.megabytes.own,
      found.megabytes.files,
      found.peakMegabytes,
      found.diskMegabytes,
      found.getP50Us,
      found.getP99Us,
    ].map((value) => value.toFixed(0)),
  ]),
)}`;
    console.log(page);
    const report = { machine, userCount, fileMegabytes, starts: Object.fromEntries(starts) };
    writeResult('reports/bench-users.json', `${JSON.stringify(report, undefined, 2)}\n`);
    if (!isQuick) writeSection('docs/benchmarks.md', 'users', `${machineLine(machine)}\n\n${page}`);
  } finally {
    await cleanup.run();
  }
}

void playRole({ prepare, start }).then((played) => (played ? undefined : main()));
