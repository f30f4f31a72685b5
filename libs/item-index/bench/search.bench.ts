import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { clusteredAttributes, clusteredPoints, clusteredVectors } from '../src/clustered-points.fixture';
import { openEmbeddedItemIndexStore } from '../src/embedded';
import type { ItemIndex, SearchRequest } from '../src/item-index';

/*
 * Where an exact search stops paying: seal, open and search by number of points, exact and through the graph. Run with
 * npx nx bench item-index -- 1000 10000 50000
 */
const dimension = 64;
const searches = 200;

async function timedMs<T>(task: () => Promise<T>): Promise<[T, number]> {
  const began = performance.now();
  return [await task(), performance.now() - began];
}

/** Minimum, median and maximum in milliseconds. */
async function searchMs(index: ItemIndex, rest: Omit<SearchRequest, 'vector'>): Promise<string> {
  const times: number[] = [];
  for (const vector of clusteredVectors(2, searches, dimension)) {
    times.push((await timedMs(() => index.search({ vector, ...rest })))[1]);
  }
  times.sort((a, b) => a - b);
  return [times[0], times[searches >> 1], times[searches - 1]].map((ms) => ms.toFixed(3)).join(' / ');
}

async function measure(count: number, exactBelow: number): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'item-index-bench-'));
  try {
    const store = await openEmbeddedItemIndexStore({ folder, exactBelow });
    const spec = { dimension, metric: 'dot', attributes: clusteredAttributes, manifest: {} } as const;
    const index = await store.create('1-1.1', spec);
    await index.upsert(clusteredPoints(1, count, dimension));
    const [, sealMs] = await timedMs(() => index.seal());
    await index.close();
    const [reader, openMs] = await timedMs(() => store.open('1-1.1'));
    const filter = { equals: { attribute: 'genre', value: 'film' } } as const; // a third
    const rare = { equals: { attribute: 'free', value: true } } as const; // one of twenty
    console.log(`${count} points, ${exactBelow === 0 ? 'graph' : 'exact'}`);
    console.log(`  seal ${sealMs.toFixed(0)} ms, open ${openMs.toFixed(0)} ms`);
    console.log(`  k = 100: ${await searchMs(reader, { k: 100 })} ms (min / median / max)`);
    console.log(`  k = 500: ${await searchMs(reader, { k: 500 })} ms`);
    console.log(`  k = 100, a third passes: ${await searchMs(reader, { k: 100, filter })} ms`);
    console.log(`  k = 100, one of twenty passes: ${await searchMs(reader, { k: 100, filter: rare })} ms`);
    await reader.close();
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function main(): Promise<void> {
  for (const count of process.argv.slice(2).map(Number)) {
    await measure(count, Infinity);
    await measure(count, 0);
  }
}

void main();
