import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { createRandom, type Item, type QueryInput } from '@gatehouse/domain';
import { type ItemIndexStore, qdrantSettings } from '@gatehouse/item-index';
import { openEmbeddedItemIndexStore } from '@gatehouse/item-index/embedded';
import { openQdrantItemIndexStore } from '@gatehouse/item-index/qdrant';
import { delay } from '@gatehouse/runtime';
import { compileSchema } from '@gatehouse/schema';
import { describeMachine, machineLine, markdownTable, qdrantUrl, writeResult, writeSection } from '@gatehouse/testing';
import { type Canary, createTrainStep, createTwoTowerModel, loadBackend, type TwoTowerModel } from '@gatehouse/towers';

import { buildIndex } from '../src/build-index';
import { pointsOf } from '../src/embed-items';
import { verifyIndex } from '../src/verify-index';

/*
 * How fast items become vectors, and vectors a verified index: through a tower 64-128-64, with the embedded index and on Qdrant where
 * QDRANT_URL names a server. Writes docs/benchmarks.md and reports/bench-refresh.json. `-- --quick`: fewer items, and no page.
 */
const isQuick = process.argv.includes('--quick');
const itemCount = isQuick ? 10_000 : 100_000;
const rounds = isQuick ? 1 : 5;
const canaryCount = 200;

const schema = compileSchema(
  `
actions: { click: { weight: 1 } }
attributes: { genre: string, year: number }
tables: { items: { initialScale: 0.3 }, genres: { initialScale: 1 } } # clusters, as learned vectors have
query: { features: [{ name: history, kind: history, table: items }], layers: [128] }
candidate:
  features: [{ name: id, kind: id, table: items, dropout: 0 }, { name: genre, kind: category, table: genres }]
  layers: [128]
estimator: { kind: exact }
`,
  'bench.yaml',
);

const items: readonly Item[] = Array.from({ length: itemCount }, (_, i) => ({
  itemId: `item-${i}`,
  features: { genre: `genre ${i % 200}`, year: 1950 + (i % 70) },
  available: true,
}));
const queryOf = (n: number): QueryInput => ({
  features: {},
  history: [n, 7 * n].map((at) => ({ itemId: items[at % itemCount].itemId, eventTimeMs: at })),
  context: {},
  requestTimeMs: n,
});

/** A model that has a row for every item, as after a step on each. */
function createModel(): TwoTowerModel {
  const model = createTwoTowerModel(schema, createRandom('rows', 1));
  const step = createTrainStep(model, createRandom('dropout', 1));
  for (let from = 0; from < itemCount; from += 4096) {
    const candidates = items.slice(from, from + 4096);
    const logQ = new Float32Array(candidates.length);
    step.run({ queries: [queryOf(from)], candidates, logQ, weights: Float32Array.of(1) });
  }
  return model;
}

/** Queries near items, as those of a trained tower are: a random tower's own lie where nothing is. */
function createCanaries({ candidate, schema: { outputDimension } }: TwoTowerModel): Canary[] {
  const random = createRandom('canaries', 2);
  const near = items.slice(0, canaryCount);
  const vectors = candidate.embed(near); // [canaries, dimension]
  return near.map(({ itemId }, i) => {
    const own = vectors.subarray(i * outputDimension, (i + 1) * outputDimension);
    const moved = own.map((x) => x + (random.next() - 0.5) / 10);
    const norm = Math.hypot(...moved);
    return { query: queryOf(i), vector: moved.map((x) => x / norm), nextItemId: itemId };
  });
}

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1];

/** Items a second through the candidate tower, and how much memory more that takes at most. */
function measureEmbedding(model: TwoTowerModel): { readonly perSecond: number; readonly mostMb: number } {
  const rates: number[] = [];
  let most = 0;
  for (let round = 0; round <= rounds; round++) {
    globalThis.gc?.();
    const before = process.memoryUsage.rss();
    const began = performance.now();
    for (const points of pointsOf(model, items)) {
      if (points.length === 0) throw new Error('embedding: expected points, found none');
      most = Math.max(most, process.memoryUsage.rss() - before);
    }
    if (round > 0) rates.push(itemCount / ((performance.now() - began) / 1000)); // the first one warms up
  }
  return { perSecond: median(rates), mostMb: most / 1e6 };
}

interface Built {
  readonly seconds: number;
  readonly msPerBatch: number;
  readonly batches: number;
  readonly recall: number;
}

async function measureBuild(store: ItemIndexStore, model: TwoTowerModel): Promise<Built> {
  const canaries = createCanaries(model);
  let [batches, batchMs] = [0, 0];
  const timed: ItemIndexStore = {
    ...store,
    create: async (indexId, spec) => {
      const index = await store.create(indexId, spec);
      const upsert = index.upsert.bind(index);
      index.upsert = async (points) => {
        const began = performance.now();
        await upsert(points);
        [batches, batchMs] = [batches + 1, batchMs + performance.now() - began];
      };
      return index;
    },
  };
  const began = performance.now();
  const built = await buildIndex(timed, {
    version: '1-1',
    model,
    items,
    catalogueOffset: 0,
    catalogueTimeMs: 0,
    canaries,
    k: 10,
    served: [],
  });
  const recall = await verifyIndex(built, model, items, canaries, 128);
  await store.activate(built.index.indexId);
  const seconds = (performance.now() - began) / 1000;
  await built.index.close();
  await store.drop(built.index.indexId);
  return { seconds, msPerBatch: batchMs / batches, batches, recall };
}

async function main(): Promise<void> {
  const backend = await loadBackend(['native', 'wasm', 'cpu'], () => undefined);
  const model = createModel();
  const embedding = measureEmbedding(model);
  console.log(`${backend}: ${Math.round(embedding.perSecond)} items/s, ${embedding.mostMb.toFixed(0)} MB more at most`);

  const folder = await mkdtemp(join(tmpdir(), 'gatehouse-bench-'));
  const url = qdrantUrl();
  const stores: [name: string, store: ItemIndexStore][] = [['embedded', await openEmbeddedItemIndexStore({ folder })]];
  if (url !== undefined) {
    const settings = qdrantSettings.parse({ url, collectionPrefix: `bench-${process.pid}-`, timeoutMs: 60_000 });
    const parts = { secrets: { environment: process.env }, delay, random: Math.random };
    stores.push(['Qdrant', openQdrantItemIndexStore(settings, parts)]);
  }
  const results: Record<string, Built> = {};
  try {
    for (const [name, store] of stores) {
      results[name] = await measureBuild(store, model);
      console.log(name, results[name]);
    }
  } finally {
    await rm(folder, { recursive: true });
  }
  const report = { machine: describeMachine(), backend, items: itemCount, embedding, stores: results };
  writeResult('reports/bench-refresh.json', `${JSON.stringify(report, undefined, 2)}\n`);
  if (isQuick) return;
  const rows = Object.entries(results).map(([name, { seconds, msPerBatch, recall }]) => [
    name,
    seconds.toFixed(1),
    msPerBatch.toFixed(1),
    recall.toFixed(4),
  ]);
  writeSection(
    'docs/benchmarks.md',
    'refresh',
    `${machineLine(describeMachine())}

${itemCount.toLocaleString('en')} items through a tower 64-128-64 on ${backend}: ${Math.round(embedding.perSecond).toLocaleString('en')} items a second, with ${embedding.mostMb.toFixed(0)} MB
more at most, however many items. Until an index is embedded, built, verified with ${canaryCount} canaries and activated, in batches of 1,000:

${markdownTable(['store', 'seconds', 'ms a batch', 'canary recall@10'], rows)}`,
  );
}

void main();
