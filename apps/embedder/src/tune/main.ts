import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { createFilesystemModelStore } from '@gatehouse/artifacts/filesystem';
import { openEventLog } from '@gatehouse/events/open';
import { openEmbeddedItemIndexStore } from '@gatehouse/item-index/embedded';
import { openQdrantItemIndexStore } from '@gatehouse/item-index/qdrant';
import { createLogger, delay, runMain, systemClock } from '@gatehouse/runtime';
import { readYamlFile, type Schema } from '@gatehouse/schema';
import { loadBackend } from '@gatehouse/towers';

import { type EmbedderConfig, embedderConfig } from '../config';
import { loadModel } from '../load-model';
import { cheapestOf, tuneVariants, type Variant } from './tune';

/** Canaries that are searched with. */
const canariesSearched = 200;
/** Nobody waits for an answer here. */
const timeoutMs = 60_000;

/** Measures ways to keep and search the vectors of the version that serves, beside its index: `tune/main.js [embedder.yaml]`. */
async function main(): Promise<void> {
  const environment = { prefix: 'GATEHOUSE_EMBEDDER_', values: process.env };
  const config = await readYamlFile(process.argv[2] ?? 'config/embedder.yaml', embedderConfig, environment);
  const logger = createLogger({ app: 'tune', level: config.logLevel });
  await loadBackend(config.backend, () => undefined);
  const models = createFilesystemModelStore({ folder: config.artifacts.folder });
  const serving = await models.pointer('servable');
  if (!serving) throw new Error('expected a version that serves; `./gatehouse start` makes one');
  const { model, canaries } = await loadModel(models, serving.version);
  const log = openEventLog({ ...config, environment: process.env, logger, clock: systemClock });
  const { values: items } = await log.items.snapshot();
  await log.close();

  const folder = await mkdtemp(join(tmpdir(), 'gatehouse-tune-'));
  try {
    const variants = await variantsOf(config, model.schema, folder);
    logger.info('tune.starting', { version: serving.version, items: items.length, variants: variants.length });
    const costs = await tuneVariants(variants, {
      version: serving.version,
      model,
      canaries: canaries.slice(-canariesSearched),
      items,
      goal: config.index.search,
      connectivity: config.index.kind === 'qdrant' ? config.qdrant.hnsw.m : 16,
      clock: systemClock,
      onVariant: (cost, done) => logger.info('tune.measured', { ...cost, done, total: variants.length }),
    });
    logger.info('tune.done', {
      version: serving.version,
      ...config.index.search,
      costs,
      cheapest: cheapestOf(costs) ?? null,
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Every prefix that the loss has trained, and on Qdrant every quantization of it. */
async function variantsOf({ index, qdrant }: EmbedderConfig, schema: Schema, folder: string): Promise<Variant[]> {
  const prefixes = [0, ...schema.loss.matryoshka.slice(0, -1)];
  if (index.kind === 'embedded') {
    const store = await openEmbeddedItemIndexStore({ folder });
    return prefixes.map((coarsePrefix) => ({ quantization: 'none', coarsePrefix, store }));
  }
  const parts = { secrets: { environment: process.env }, delay, random: Math.random };
  return prefixes.flatMap((coarsePrefix) =>
    (['none', 'scalar', 'binary'] as const).map((quantization) => {
      const collectionPrefix = `${qdrant.collectionPrefix}tune-`; // none of these is anybody's to serve
      return {
        quantization,
        coarsePrefix,
        store: openQdrantItemIndexStore({ ...qdrant, quantization, collectionPrefix, timeoutMs }, parts),
      };
    }),
  );
}

void runMain('tune', main);
