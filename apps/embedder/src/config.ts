import { kafkaSettings, logSettings } from '@gatehouse/events';
import { indexSettings, qdrantSettings } from '@gatehouse/item-index';
import { backendNames } from '@gatehouse/towers';
import { z } from 'zod';

/** Keys of `config/embedder.yaml`; the file says what each means. */
export const embedderConfig = z.strictObject({
  log: logSettings,
  kafka: kafkaSettings.prefault({}),
  artifacts: z.strictObject({ folder: z.string().min(1).default('var/artifacts') }).prefault({}),
  index: indexSettings
    .extend({
      retainMs: z.int().min(0).default(600_000),
      foldAfterChanges: z.int().min(1).default(5_000),
      coarsePrefix: z.int().min(0).max(4096).default(0),
      search: z
        .strictObject({
          k: z.int().min(1).max(1_000).default(100),
          recall: z.number().min(0.5).max(1).default(0.95),
        })
        .prefault({}),
    })
    .prefault({}),
  qdrant: qdrantSettings.prefault({}),
  backend: z
    .array(z.enum(backendNames))
    .min(1)
    .default([...backendNames]),
  /** Of /livez, on loopback; 0: none. */
  healthPort: z.int().min(0).max(65_535).default(0),
  pollMs: z.int().min(10).max(60_000).default(100),
  logLevel: z.enum(['debug', 'info', 'warn', 'error']).default('info'),
});

/** Settings of the embedder, with every default filled in. */
export type EmbedderConfig = z.infer<typeof embedderConfig>;
