import { maxDeltas } from '@gatehouse/artifacts';
import { kafkaSettings, logSettings } from '@gatehouse/events';
import { backendNames } from '@gatehouse/towers';
import { z } from 'zod';

/** Keys of `config/trainer.yaml`; the file says what each means. */
export const trainerConfig = z.strictObject({
  schema: z.string().min(1).default('config/movielens.yaml'),
  log: logSettings,
  kafka: kafkaSettings.prefault({}),
  artifacts: z
    .strictObject({
      folder: z.string().min(1).default('var/artifacts'),
      maxDeltas: z.int().min(0).max(maxDeltas).default(maxDeltas),
      keep: z.int().min(3).default(4),
      retainMs: z.int().min(0).default(60_000),
    })
    .prefault({}),
  publish: z
    .strictObject({
      everyEvents: z.int().min(1).default(12_500),
      afterIdleMs: z.int().min(1).default(2_000),
    })
    .prefault({}),
  checkpoint: z.strictObject({ everyMs: z.int().min(1).default(60_000) }).prefault({}),
  eventWindow: z.int().min(1).max(100_000_000).default(10_000_000),
  evaluation: z
    .strictObject({
      sampleRate: z.number().min(0).max(1).default(1),
      maxStalenessSteps: z.int().min(1).default(24),
    })
    .prefault({}),
  diagnostics: z
    .strictObject({
      everyBatches: z.int().min(1).default(50),
      metricsPort: z.int().min(0).max(65_535).default(0),
    })
    .prefault({}),
  backend: z
    .array(z.enum(backendNames))
    .min(1)
    .default([...backendNames]),
  logLevel: z.enum(['debug', 'info', 'warn', 'error']).default('info'),
});

/** Settings of the trainer, with every default filled in. */
export type TrainerConfig = z.infer<typeof trainerConfig>;
