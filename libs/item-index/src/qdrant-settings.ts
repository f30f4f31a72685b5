import { z } from 'zod';

const name = z.string().min(1);

/** How to reach Qdrant, and how it is to keep vectors, as configuration files say it. Keys stand in files or in the environment, never here. */
export const qdrantSettings = z.strictObject({
  url: z.url({ protocol: /^https?$/ }).default('http://127.0.0.1:6333'),
  /** The embedder needs a key that may write, the retriever one that may read. */
  apiKeyFile: name.optional(),
  apiKeyVariable: name.optional(),
  /** Allows unencrypted connections to other hosts. */
  insecure: z.boolean().default(false),
  /** Stands before the name of every collection and of the alias. */
  collectionPrefix: z
    .string()
    .regex(/^[\w-]{0,64}$/)
    .default(''),
  timeoutMs: z.int().min(100).max(300_000).default(5000),
  hnsw: z
    .strictObject({
      /** Neighbours of a node. */
      m: z.int().min(4).max(128).default(16),
      /** Width of the search for a new node's neighbours. */
      efConstruct: z.int().min(4).max(4096).default(128),
    })
    .prefault({}),
  /** Smaller vectors for the first look, which is then repeated on the full ones: a quarter (scalar) or a 32nd (binary). */
  quantization: z.enum(['none', 'scalar', 'binary']).default('none'),
  /** Longest wait for the graph of a new index. */
  indexingTimeoutMs: z.int().min(1000).default(600_000),
  /** Kilobytes of vectors without a graph from which the engine builds one. */
  indexingThresholdKb: z.int().min(1).default(10_000),
});

/** Settings of Qdrant with every default filled in. */
export type QdrantSettings = z.infer<typeof qdrantSettings>;
