import { z } from 'zod';

import { type SourceName, sourceNames } from './retrieve-query';

const places = z.int().min(0).max(1000);

const quota = z
  .strictObject({ min: places.default(0), max: places.default(1000) })
  .superRefine(({ min, max }, context) => {
    if (min > max) context.addIssue({ code: 'custom', path: ['min'], message: `expected at most max (${max})` });
  });

/** Keys of `fusion` in `config/retriever.yaml`; the file says what each means. */
export const fusionSettings = z.strictObject({
  kind: z.enum(['rrf', 'weighted']).default('rrf'),
  weights: z.partialRecord(z.enum(sourceNames), z.number().min(0).max(1000)).default({}),
  quotas: z.partialRecord(z.enum(sourceNames), quota).default({}),
});

/** How the answers of several sources become one. */
export type FusionSettings = z.infer<typeof fusionSettings>;

/** Places of an answer that a source has at least, and at most. */
export type Quotas = Readonly<Partial<Record<SourceName, z.infer<typeof quota>>>>;
