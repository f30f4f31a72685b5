import { kafkaSettings, logSettings } from '@gatehouse/events';
import { indexSettings, qdrantSettings } from '@gatehouse/item-index';
import { backendNames } from '@gatehouse/towers';
import { z } from 'zod';

import { fusionSettings } from './fusion-settings';
import { sourceSettings } from './sources/source-settings';
import { accessSettings } from './access/access-settings';
import { limitSettings, tlsSettings } from './transport/transport-settings';

const folder = (path: string) => z.strictObject({ folder: z.string().min(1).default(path) }).prefault({});

/** Keys of `config/retriever.yaml`; the file says what each means. */
export const retrieverConfig = z.strictObject({
  host: z.string().min(1).default('127.0.0.1'),
  port: z.int().min(0).max(65_535).default(50_051),
  insecure: z.boolean().default(false),
  tls: tlsSettings,
  limits: limitSettings,
  access: accessSettings.nullable().default(null),
  reflection: z.boolean().default(false),
  adminPort: z.int().min(0).max(65_535).default(0),
  log: logSettings,
  kafka: kafkaSettings.prefault({}),
  artifacts: folder('var/artifacts'),
  index: indexSettings.prefault({}),
  qdrant: qdrantSettings.prefault({}),
  userState: folder('var/user-state'),
  pollMs: z.int().min(10).max(60_000).default(100),
  sources: sourceSettings.prefault({}),
  fusion: fusionSettings.prefault({}),
  searchEffort: z.int().min(0).max(10_000).default(0),
  calls: z
    .strictObject({
      defaultDeadlineMs: z.int().min(10).max(60_000).default(1_000),
      maxConcurrent: z.int().min(1).max(10_000).default(256),
      maxWaiting: z.int().min(1).max(100_000).default(512),
      targetWaitMs: z.int().min(1).max(60_000).default(25),
      minEffortShare: z.number().min(0.1).max(1).default(0.5),
    })
    .prefault({}),
  drain: z
    .strictObject({
      noticeMs: z.int().min(0).max(5_000).default(500),
      timeoutMs: z.int().min(0).max(9_000).default(9_000),
    })
    .prefault({}),
  backend: z
    .array(z.enum(backendNames))
    .min(1)
    .default([...backendNames]),
  logLevel: z.enum(['debug', 'info', 'warn', 'error']).default('info'),
});

/** Settings of the retriever, with every default filled in. */
export type RetrieverConfig = z.infer<typeof retrieverConfig>;
