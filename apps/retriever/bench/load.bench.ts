import { spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { createFilesystemModelStore } from '@gatehouse/artifacts/filesystem';
import type { ModelVersionId } from '@gatehouse/domain';
import { openEmbeddedItemIndexStore } from '@gatehouse/item-index/embedded';
import {
  createCleanup,
  describeMachine,
  machineLine,
  markdownTable,
  startProcess,
  type TestProcess,
  writeResult,
  writeSection,
} from '@gatehouse/testing';
import { loadBackend } from '@gatehouse/towers';

import { createVersions, foldersIn, itemIdOf, type BenchFolders } from './bench-version';
import { echoReply, startEchoServer } from './echo-server';
import { type Figures, generateLoad, type Load, quantile, quantilesOf } from './generate-load';
import { playRole, startRole } from './role';
import { type SlowEngine, startSlowRetriever } from './slow-retriever';

/*
 * What an answer costs beyond gRPC and the search, what a switch of versions does to callers, and how many are served when far too many
 * come. Writes docs/benchmarks.md and reports/bench-retriever.json. `-- --quick`: fewer items, short, and no page.
 */
const isQuick = process.argv.includes('--quick');
const itemCount = isQuick ? 10_000 : 100_000;
const limit = 100;
const seconds = isQuick ? 2 : 8;
const rounds = isQuick ? 1 : 3;
const calmRate = 100;
const inFlight = 16;
const switchEverySeconds = 1;
/** Calls a second while versions change, and how often they do: `-- --requests 1000000 --switches 100` for the long run. */
const switches = argument('--switches', isQuick ? 3 : 20);
const switchRate = argument('--requests', calmRate * (switches + 1)) / ((switches + 1) * switchEverySeconds);
const deadlineMs = 1000;
const versions: readonly ModelVersionId[] = ['1-1', '1-2'];
const root = process.cwd();

function argument(name: string, otherwise: number): number {
  const at = process.argv.indexOf(name);
  return at < 0 ? otherwise : Number(process.argv[at + 1]);
}

async function echo(): Promise<number> {
  return startEchoServer(echoReply(limit));
}

/** Searches one after the other, in a process that does nothing else. */
async function search({ index }: BenchFolders): Promise<Served> {
  const store = await openEmbeddedItemIndexStore({ folder: index });
  const opened = await store.open('1-1.1');
  const ids = Array.from({ length: 1000 }, (_, n) => itemIdOf('1-1', (n * 97) % itemCount));
  const points = await opened.get(ids);
  const ms: number[] = [];
  const began = performance.now();
  for (let n = 0; performance.now() - began < seconds * 1000; n++) {
    const from = performance.now();
    await opened.search({ vector: points[n % points.length].vector, k: limit });
    ms.push(performance.now() - from);
  }
  const took = (performance.now() - began) / 1000;
  return { ...quantilesOf(ms), requestsPerSecond: Math.round(ms.length / took), errors: 0 };
}

async function prepare(folders: BenchFolders): Promise<string> {
  const backend = await loadBackend(['native', 'wasm', 'cpu'], () => undefined);
  await createVersions(folders, versions, itemCount);
  return backend;
}

function startRetriever(
  { artifacts, index }: BenchFolders,
  folder: string,
  settings: Record<string, string> = {},
): TestProcess {
  return startProcess({
    name: 'retriever',
    command: process.execPath,
    args: [join(root, 'dist/apps/retriever/main.js')],
    environment: {
      GATEHOUSE_RETRIEVER_PORT: '0',
      GATEHOUSE_RETRIEVER_ARTIFACTS_FOLDER: artifacts,
      GATEHOUSE_RETRIEVER_INDEX_FOLDER: index,
      GATEHOUSE_RETRIEVER_USER_STATE_FOLDER: join(folder, 'users'),
      GATEHOUSE_RETRIEVER_LOG_FOLDER: join(folder, 'log'),
      ...settings,
    },
    workingFolder: root,
  });
}

async function measure(load: Omit<Load, 'items' | 'limit' | 'deadlineMs'>): Promise<Figures> {
  const generator = startRole<Figures>('generate', { items: itemCount, limit, deadlineMs, ...load });
  const figures = await generator.answer;
  generator.end();
  return figures;
}

/** Calls by rate and by number in flight, in turn, and the medians of the rounds. */
async function measureRounds(ports: Readonly<Record<'echo' | 'retrieve', number>>) {
  const taken: Record<'echo' | 'retrieve', Served[]> = { echo: [], retrieve: [] };
  for (let round = 0; round <= rounds; round++) {
    for (const name of ['echo', 'retrieve'] as const) {
      const calm = await measure({ port: ports[name], seconds, ratePerSecond: calmRate });
      const full = await measure({ port: ports[name], seconds, inFlight });
      if (round > 0)
        taken[name].push({ ...calm, requestsPerSecond: full.requestsPerSecond, errors: calm.errors + full.errors });
    }
  }
  return { echo: medians(taken.echo), retrieve: medians(taken.retrieve) };
}

type Served = Pick<Figures, 'p50Ms' | 'p99Ms' | 'p999Ms' | 'requestsPerSecond' | 'errors'>;

function medians(taken: readonly Served[]): Served {
  const of = (name: keyof Served): number =>
    quantile(
      taken.map((one) => one[name]),
      0.5,
    );
  return {
    p50Ms: of('p50Ms'),
    p99Ms: of('p99Ms'),
    p999Ms: of('p999Ms'),
    requestsPerSecond: of('requestsPerSecond'),
    errors: taken.reduce((sum, { errors }) => sum + errors, 0),
  };
}

/** Calls at the calm rate while the pointer goes to and fro between two versions. */
async function measureSwitches(port: number, serve: (version: ModelVersionId) => Promise<void>): Promise<Figures> {
  const load = startRole<Figures>('generate', {
    ...{ port, items: itemCount, limit, deadlineMs: 10_000 },
    ...{ seconds: (switches + 1) * switchEverySeconds, ratePerSecond: switchRate },
  });
  for (let n = 1; n <= switches; n++) {
    await new Promise((resolve) => setTimeout(resolve, switchEverySeconds * 1000));
    await serve(versions[n % 2]);
  }
  const figures = await load.answer;
  load.end();
  return figures;
}

/** Ten times what an engine can do, and half of it before and after. */
async function measureSlowEngine(folders: BenchFolders) {
  const engine: SlowEngine = { searchMs: 50, atOnce: 8 };
  const capacity = (1000 / engine.searchMs) * engine.atOnce;
  const slow = startRole<number>('slow', { folders, engine });
  const port = await slow.answer;
  const normal = await measure({ port, seconds, ratePerSecond: capacity / 2 });
  const flood = await measure({ port, seconds: 2 * seconds, ratePerSecond: 10 * capacity });
  await measure({ port, seconds: 5, ratePerSecond: capacity / 2 }); // five seconds to recover
  const after = await measure({ port, seconds, ratePerSecond: capacity / 2 });
  slow.end();
  return { capacity, normal, flood, after };
}

async function main(): Promise<void> {
  const cleanup = createCleanup();
  const folder = await mkdtemp(join(tmpdir(), 'gatehouse-bench-'));
  cleanup.add(() => rm(folder, { recursive: true }));
  try {
    const built = spawnSync(process.execPath, ['tools/build-app.mjs', 'apps/retriever'], { stdio: 'inherit' });
    if (built.status !== 0) throw new Error('the retriever was not built');
    const folders = foldersIn(folder);
    const preparing = startRole<string>('prepare', folders);
    await preparing.answer;
    preparing.end();
    const embedder = await createFilesystemModelStore({ folder: folders.artifacts }).lead('embedder');
    const serve = (version: ModelVersionId) => embedder.point('servable', { version, indexId: `${version}.1` });
    await serve('1-1');

    const searching = startRole<Served>('search', folders);
    const search = await searching.answer;
    searching.end();
    console.log('search', search);

    const echoing = startRole<number>('echo', {});
    const retriever = startRetriever(folders, folder);
    cleanup.add(async () => {
      await retriever.kill('SIGKILL');
    });
    const { port: listening, backend } = await retriever.waitForLine(({ msg }) => msg === 'retriever.listening', {
      what: 'a port',
      timeoutMs: 60_000,
    });
    const port = Number(listening);
    await retriever.waitForLine(({ msg }) => msg === 'version.adopted', { what: 'a version', timeoutMs: 60_000 });
    const { echo, retrieve } = await measureRounds({ echo: await echoing.answer, retrieve: port });
    echoing.end();
    const ratioP50 = retrieve.p50Ms / (echo.p50Ms + search.p50Ms);
    const allowed = 1 / (1 / echo.requestsPerSecond + 1 / search.requestsPerSecond);
    const ratioRate = retrieve.requestsPerSecond / allowed;
    console.log({ echo, retrieve, ratioP50, ratioRate });

    const duringSwitch = await measureSwitches(port, serve);
    console.log('during switches', short(duringSwitch), duringSwitch.mixedVersionAnswers, 'mixed');
    const overload = await measure({ port, seconds: 2 * seconds, ratePerSecond: 1.5 * retrieve.requestsPerSecond });
    console.log('overload', short(overload), overload.errorsByStatus);
    await retriever.kill('SIGTERM');
    const slowEngine = await measureSlowEngine(folders);
    for (const [name, figures] of Object.entries(slowEngine)) console.log('slow engine', name, figures);

    const report = {
      machine: describeMachine(),
      ...{ backend, items: itemCount, limit },
      ...{ echo, search, retrieve, ratioP50, ratioRate },
      duringSwitch: { ...short(duringSwitch), switches, answers: duringSwitch.answers },
      mixedVersionAnswers: duringSwitch.mixedVersionAnswers,
      overload: short(overload),
      rejectedMs: { p50: overload.rejectedP50Ms, p99: overload.rejectedP99Ms },
      slowEngine,
    };
    writeResult('reports/bench-retriever.json', `${JSON.stringify(report, undefined, 2)}\n`);
    if (!isQuick) writePage(report);
  } finally {
    await cleanup.run();
  }
}

function short({ p50Ms, p99Ms, p999Ms, requestsPerSecond, errors }: Served): Served {
  return { p50Ms, p99Ms, p999Ms, requestsPerSecond, errors };
}

interface Report {
  readonly machine: ReturnType<typeof describeMachine>;
  readonly backend: unknown;
  readonly echo: Served;
  readonly search: Served;
  readonly retrieve: Served;
  readonly ratioP50: number;
  readonly ratioRate: number;
  readonly duringSwitch: Served & { readonly answers: number };
  readonly mixedVersionAnswers: number;
  readonly overload: Served;
  readonly rejectedMs: { readonly p50: number; readonly p99: number };
  readonly slowEngine: Awaited<ReturnType<typeof measureSlowEngine>>;
}

function writePage(report: Report): void {
  const { machine, backend, echo, search, retrieve, ratioP50, ratioRate, duringSwitch, overload, rejectedMs } = report;
  const { capacity, normal, flood, after } = report.slowEngine;
  const row = (name: string, { p50Ms, p99Ms, p999Ms, requestsPerSecond, errors }: Served): string[] => [
    name,
    ...[p50Ms, p99Ms, p999Ms].map((ms) => ms.toFixed(2)),
    ...[requestsPerSecond, errors].map(String),
  ];
  writeSection(
    'docs/benchmarks.md',
    'retriever',
    `${machineLine(machine)}

${itemCount.toLocaleString('en')} items of 64 dimensions in an embedded index, ${limit} candidates an answer, query tower 64-128-64 on ${String(backend)}. Callers, echo
and retriever are processes of their own on the same cores. Times are at ${calmRate} calls a second, from when a call was due; rates with
${inFlight} calls in flight; medians of ${rounds} rounds in turn. The echo answers every call with the same ${limit} candidates.

${markdownTable(
  ['', 'p50 ms', 'p99 ms', 'p99.9 ms', 'a second', 'errors'],
  [
    row('gRPC echo', echo),
    row('search alone', search),
    row('Retrieve', retrieve),
    row(`Retrieve, ${switches} switches`, duringSwitch),
    row('Retrieve, 1.5 times its rate', overload),
    row(`slow engine, ${capacity / 2} a second`, normal),
    row(`slow engine, ${10 * capacity} a second`, flood),
    row(`slow engine, ${capacity / 2} a second, 5 s later`, after),
  ],
)}

Retrieve takes ${ratioP50.toFixed(2)} times the p50 of echo and search together, and reaches ${ratioRate.toFixed(2)} of the rate that both allow. ${duringSwitch.answers.toLocaleString('en')} answers during
the switches, ${report.mixedVersionAnswers} of mixed versions. Errors in an overload are calls that were turned away, after ${rejectedMs.p50.toFixed(1)} ms (p99 ${rejectedMs.p99.toFixed(1)} ms)
where the processor is the limit and ${flood.rejectedP50Ms.toFixed(1)} ms (p99 ${flood.rejectedP99Ms.toFixed(1)} ms) before the slow engine, which can do ${capacity} searches a second: 8 at once,
50 ms each.`,
  );
}

void playRole({ echo, search, prepare, slow: startSlowRetriever, generate: generateLoad }).then((played) =>
  played ? undefined : main(),
);
