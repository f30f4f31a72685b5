import { kafkaSettings, logSettings } from '@gatehouse/events';
import { indexSettings, qdrantSettings } from '@gatehouse/item-index';
import { z } from 'zod';

/** Keys of `config/cli.yaml`; the file says what each means. */
export const cliConfig = z.strictObject({
  schema: z.string().min(1).default('config/movielens.yaml'),
  log: logSettings,
  kafka: kafkaSettings.prefault({}),
  artifacts: z.strictObject({ folder: z.string().min(1).default('var/artifacts') }).prefault({}),
  index: indexSettings.prefault({}),
  qdrant: qdrantSettings.prefault({}),
  userState: z.strictObject({ folder: z.string().min(1).default('var/user-state') }).prefault({}),
  retriever: z
    .strictObject({
      host: z.string().min(1).default('127.0.0.1'),
      port: z.int().min(1).max(65_535).default(50_051),
      deadlineMs: z.int().min(1).max(60_000).default(1_000),
      tokenFile: z.string().min(1).optional(),
      /** Name of a variable of the environment. */
      tokenVariable: z.string().min(1).optional(),
    })
    .prefault({}),
  processes: z
    .strictObject({
      folder: z.string().min(1).default('var/processes'),
      stopTimeoutMs: z.int().min(1).default(15_000),
    })
    .prefault({}),
  demo: z
    .strictObject({
      folder: z.string().min(1).default('data/ml-latest-small'),
      userId: z.string().min(1).default('42'),
    })
    .prefault({}),
  reports: z.strictObject({ folder: z.string().min(1).default('reports') }).prefault({}),
});

/** Settings of the command line, with every default filled in and every path absolute. */
export type CliConfig = z.infer<typeof cliConfig>;
