import { randomUUID } from 'node:crypto';

import { type Delay, type SecretSources, waitFor } from '@gatehouse/runtime';
import type { QdrantClient, Schemas } from '@qdrant/js-client-rest';
import { z } from 'zod';

import { checkSpec } from '../check-spec';
import { IndexDamagedError, IndexExistsError, IndexNotFoundError, IndexNotSealedError } from '../errors';
import { compareIndexIds, isIndexId, parseIndexId } from '../index-id';
import { indexSpecSchema, storedSpec } from '../index-spec-schema';
import type { AttributeType, IndexSpec, ItemIndexStore } from '../item-index';
import type { QdrantSettings } from '../qdrant-settings';
import { connectQdrant } from './connect-qdrant';
import { createQdrantCalls } from './qdrant-calls';
import { QdrantRefusedError } from './qdrant-errors';
import { attributePath } from './qdrant-filter';
import { coarseVector, wholeVector } from './qdrant-point';
import { QdrantItemIndex } from './qdrant-item-index';

/** What a collection says of itself, under one key of its metadata. */
const markSchema = z.object({
  spec: indexSpecSchema,
  sealed: z.boolean(),
  /** Who made it: tells a creation whose answer was lost from somebody else's. */
  creator: z.string(),
});
type Mark = z.infer<typeof markSchema>;
const markKey = 'gatehouse';

const payloadTypes = { string: 'keyword', number: 'float', boolean: 'bool' } as const satisfies Record<
  AttributeType,
  string
>;

/** Collaborators of {@link openQdrantItemIndexStore}. */
export interface QdrantParts {
  readonly secrets: SecretSources;
  readonly delay: Delay;
  /** Uniform in [0, 1): for the pauses between tries. */
  readonly random: () => number;
}

/**
 * Indexes on a Qdrant server: a collection `<prefix>items__<index id>` each, and the alias `<prefix>items`. Nothing is sent yet.
 *
 * A batch that has to be split may be there in part after an error, and a dropped index is gone for its readers too: whoever drops waits
 * until nobody reads it.
 *
 * @throws SettingsError.
 * @example
 * const store = openQdrantItemIndexStore(config.qdrant, { secrets: { environment: process.env }, delay, random: Math.random });
 * const index = await store.open('3-17.1');
 */
export function openQdrantItemIndexStore(settings: QdrantSettings, parts: QdrantParts): ItemIndexStore {
  const client = connectQdrant(settings, parts.secrets);
  const calls = createQdrantCalls(parts);
  const { hnsw, quantization, indexingThresholdKb } = settings;
  const alias = `${settings.collectionPrefix}items`;
  const collectionOf = (indexId: string): string => {
    parseIndexId(indexId);
    return `${alias}__${indexId}`;
  };
  const indexIdOf = (collection: string): string | undefined => {
    const indexId = collection.startsWith(`${alias}__`) ? collection.slice(alias.length + 2) : '';
    return isIndexId(indexId) ? indexId : undefined;
  };
  const run = <T>(name: string, call: (client: QdrantClient) => Promise<T>): Promise<T> =>
    calls.run(name, () => call(client));

  const read = async (indexId: string): Promise<Schemas['CollectionInfo']> => {
    const collection = collectionOf(indexId);
    return run(`look at ${indexId}`, () => client.getCollection(collection)).catch((error: unknown) => {
      throw isNotFound(error) ? new IndexNotFoundError(indexId, { cause: error }) : error;
    });
  };

  const readSealed = async (indexId: string): Promise<Mark> => {
    const mark = markOf(indexId, await read(indexId));
    if (!mark.sealed) throw new IndexNotSealedError(indexId);
    return mark;
  };

  /** Waits until the engine has built what its searches need. Twice, for it may look idle before it has begun. */
  const waitUntilIndexed = async (indexId: string): Promise<void> => {
    let greens = 0;
    const isIndexed = async (): Promise<boolean> => {
      const { status, optimizer_status } = await read(indexId);
      if (status === 'red')
        throw new IndexDamagedError(indexId, 'collection', 'status green', `red: ${JSON.stringify(optimizer_status)}`);
      greens = status === 'green' ? greens + 1 : 0;
      return greens === 2;
    };
    await waitFor(isIndexed, { what: `the graph of ${indexId}`, timeoutMs: settings.indexingTimeoutMs, everyMs: 100 });
  };

  const handleOf = (indexId: string, mark: Mark, isSealed: boolean): QdrantItemIndex => {
    let sealed = isSealed;
    return new QdrantItemIndex(indexId, {
      client,
      calls,
      collection: collectionOf(indexId),
      spec: mark.spec,
      isQuantized: quantization !== 'none',
      seal: async () => {
        if (sealed) return;
        await waitUntilIndexed(indexId);
        await run(`seal ${indexId}`, () =>
          client.updateCollection(collectionOf(indexId), { metadata: { [markKey]: { ...mark, sealed: true } } }),
        );
        sealed = true;
      },
    });
  };

  return {
    async create(indexId, spec) {
      checkSpec(spec);
      const collection = collectionOf(indexId);
      const mark: Mark = { spec: storedSpec(spec), sealed: false, creator: randomUUID() };
      try {
        await run(`create ${indexId}`, () =>
          // Below the client's own method, which leaves metadata out.
          client.api().createCollection({
            collection_name: collection,
            vectors: vectorsOf(spec),
            hnsw_config: { m: hnsw.m, ef_construct: hnsw.efConstruct },
            optimizers_config: { indexing_threshold: indexingThresholdKb },
            ...quantizationOf(quantization),
            metadata: { [markKey]: mark },
          }),
        );
      } catch (error) {
        if (!(error instanceof QdrantRefusedError && error.status === 409)) throw error;
        // Either somebody else's, or ours, and the answer was lost.
        if (markOf(indexId, await read(indexId)).creator !== mark.creator) throw new IndexExistsError(indexId);
      }
      for (const [name, type] of Object.entries(spec.attributes)) {
        await run(`index the attribute ${name} of ${indexId}`, () =>
          client.createPayloadIndex(collection, {
            field_name: attributePath(name),
            field_schema: payloadTypes[type],
            wait: true,
          }),
        );
      }
      return handleOf(indexId, mark, false);
    },

    open: async (indexId) => handleOf(indexId, await readSealed(indexId), true),

    async list() {
      const { collections } = await run('list', () => client.getCollections());
      return collections.flatMap(({ name }) => indexIdOf(name) ?? []).sort(compareIndexIds);
    },

    async drop(indexId) {
      await run(`drop ${indexId}`, () => client.deleteCollection(collectionOf(indexId)));
    },

    async activate(indexId) {
      await readSealed(indexId);
      // One action: it moves an alias that is there. Several would not be applied as one.
      const actions = [{ create_alias: { collection_name: collectionOf(indexId), alias_name: alias } }];
      await run(`activate ${indexId}`, () => client.updateCollectionAliases({ actions }));
    },

    async active() {
      const { aliases } = await run('read the alias', () => client.getAliases());
      const named = aliases.find(({ alias_name }) => alias_name === alias);
      return named && indexIdOf(named.collection_name);
    },
  };
}

function markOf(indexId: string, { config }: Schemas['CollectionInfo']): Mark {
  const parsed = markSchema.safeParse(config.metadata?.[markKey]);
  if (parsed.success) return parsed.data;
  throw new IndexDamagedError(indexId, 'metadata', 'a mark of ours', 'something else', { cause: parsed.error });
}

/** One vector a point, or two: the prefix, which has the graph, and the whole, which needs none. */
function vectorsOf({ dimension, metric, coarse }: IndexSpec): Schemas['VectorsConfig'] {
  const distance = metric === 'dot' ? 'Dot' : 'Euclid';
  if (coarse === undefined) return { size: dimension, distance };
  return {
    [coarseVector]: { size: coarse, distance },
    [wholeVector]: { size: dimension, distance, hnsw_config: { m: 0 } },
  };
}

function quantizationOf(
  kind: QdrantSettings['quantization'],
): Pick<Schemas['CreateCollection'], 'quantization_config'> {
  if (kind === 'none') return {};
  return {
    quantization_config:
      kind === 'scalar' ? { scalar: { type: 'int8', always_ram: true } } : { binary: { always_ram: true } },
  };
}

function isNotFound(error: unknown): boolean {
  return error instanceof QdrantRefusedError && error.status === 404;
}
