import { z } from 'zod';

import type { IndexSpec } from './item-index';

/** The shape of an index as stores keep it beside the points. */
export const indexSpecSchema = z.strictObject({
  dimension: z.int().min(1),
  metric: z.enum(['dot', 'l2']),
  coarse: z.int().min(1).optional(),
  attributes: z.record(z.string(), z.enum(['string', 'number', 'boolean'])),
  manifest: z.record(z.string(), z.unknown()),
});

/** What stores keep of a spec, whatever else the caller's object has. */
export function storedSpec({ dimension, metric, coarse, attributes, manifest }: IndexSpec) {
  return { dimension, metric, ...(coarse !== undefined && { coarse }), attributes, manifest };
}
