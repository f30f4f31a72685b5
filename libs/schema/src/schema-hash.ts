import { createHash } from 'node:crypto';

import type { Schema } from './schema';

/**
 * SHA-256, in hexadecimal, of a compiled schema as JSON with sorted keys and without spaces.
 *
 * @example schemaHash(schema).length; // 64
 */
export function schemaHash(schema: Omit<Schema, 'hash'>): string {
  return createHash('sha256').update(canonicalJson(schema)).digest('hex');
}

function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) => (isRecord(part) ? sortKeys(part) : part));
}

function sortKeys(record: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
