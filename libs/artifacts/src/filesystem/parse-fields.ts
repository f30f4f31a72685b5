import type { z } from 'zod';

import { FormatError } from './format-error';

/**
 * Checks parsed JSON against a schema.
 *
 * @param at where the value stands in its file, for the message
 * @throws FormatError naming the first field that does not fit.
 */
export function parseFields<T>(schema: z.ZodType<T>, value: unknown, at: readonly string[] = []): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const { path, message } = result.error.issues[0];
  throw new FormatError(`${[...at, ...path].join('.') || 'value'}: ${message}`);
}
