import { spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { createFilesystemModelStore } from '@gatehouse/artifacts/filesystem';
import type { ModelVersionId } from '@gatehouse/domain';
import { openEmbeddedItemIndexStore } from '@gatehouse/item-index/embedded';
import { createCleanup, describeMachine, startProcess, type TestProcess, writeResult } from '@gatehouse/testing';
import { loadBackend } from '@gatehouse/towers';

import { createVersions, foldersIn, itemIdOf, type BenchFolders } from './bench-version';
import { echoReply, startEchoServer } from './echo-server';
import { type Figures, generateLoad, type Load, quantile } from './generate-load';
import { playRole, startRole } from './role';

const isQuick = process.argv.includes('--quick');
const itemCount = isQuick ? 10_000 : 100_000;
const limit = 100;
const seconds = isQuick ? 3 : 15;
const deadlineMs = 1000;
const versions: readonly ModelVersionId[] = ['1-1', '1-2'];
const root = process.cwd();

async function echo(): Promise<number> {
  return startEchoServer(echoReply(limit));
}

/** Searches one after the other, in a process that does nothing else. */
async function search({ index }: BenchFolders): Promise<Figures> {
  const store = await openEmbeddedItemIndexStore({ folder: index });
  const opened = await store.open('1-1.1');
  const ids = Array.from({ length: 1000 }, (_, n) => itemIdOf('1-1', (n * 97) % itemCount));
  const points = await opened.get(ids);
  const ms: number[] = [];
  const began = performance.now();
  for (let n = 0; performance.now() - began < (seconds * 1000) / 3; n++) {
    const from = performance.now();
    await opened.search({ vector: points[n % points.length].vector, k: limit });
    ms.push(performance.now() - from);
  }
  const took = (performance.now() - began) / 1000;
  return {
    p50Ms: quantile(ms, 0.5),
    p99Ms: quantile(ms, 0.99),
    p999Ms: quantile(ms, 0.999),
    requestsPerSecond: Math.round(ms.length / took),
    ...{ answers: ms.length, errors: 0, errorsByStatus: {}, rejectedP50Ms: 0, rejectedP99Ms: 0 },
    ...{ mixedVersionAnswers: 0, versions: 1, degraded: 0 },
  };
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

    const searching = startRole<Figures>('search', folders);
    const search = await searching.answer;
    searching.end();
    console.log('search', search);

    const echoing = startRole<number>('echo', {});
    const echoPort = await echoing.answer;
    const retriever = startRetriever(folders, folder);
    cleanup.add(async () => {
      await retriever.kill('SIGKILL');
    });
    const timeoutMs = 60_000;
    const { port, backend } = await retriever.waitForLine(({ msg }) => msg === 'retriever.listening', {
      what: 'port',
      timeoutMs,
    });
    await retriever.waitForLine(({ msg }) => msg === 'version.adopted', { what: 'version', timeoutMs });
    console.log(backend);
    const ports = { echo: echoPort, retrieve: Number(port) };
    for (const name of ['echo', 'retrieve'] as const) {
      await measure({ port: ports[name], seconds: 2, inFlight: 16 }); // warms up
      const calm = await measure({ port: ports[name], seconds, ratePerSecond: 200 });
      const full = await measure({ port: ports[name], seconds, inFlight: 64 });
      console.log(name, calm, full);
    }
    echoing.end();
    writeResult('reports/bench-retriever.json', JSON.stringify({ machine: describeMachine() }));
  } finally {
    await cleanup.run();
  }
}

void playRole({ echo, search, prepare, generate: generateLoad }).then((played) => (played ? undefined : main()));
