import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { z } from 'zod';

import { compileSchemaFile } from './compile-schema-file';
import { schemaInput } from './schema-input';

const file = join(__dirname, '../../../config/movielens.yaml');

/** Every fixed key of a zod type, at any depth. */
function keysOf(type: unknown): string[] {
  if (type instanceof z.ZodObject) {
    const shape: z.core.$ZodShape = type.shape;
    return Object.entries(shape).flatMap(([key, child]) => [key, ...keysOf(child)]);
  }
  if (type instanceof z.ZodDiscriminatedUnion) return type.options.flatMap(keysOf);
  if (type instanceof z.ZodRecord) return keysOf(type.valueType);
  if (type instanceof z.ZodArray) return keysOf(type.element);
  if (type instanceof z.ZodDefault || type instanceof z.ZodPrefault || type instanceof z.ZodOptional) {
    return keysOf(type.unwrap());
  }
  return [];
}

describe('config/movielens.yaml', () => {
  it('compiles', async () => {
    const schema = await compileSchemaFile(file);
    expect(schema.query.features.map(({ kind }) => kind)).toContain('history');
    expect(schema.candidate.features.map(({ kind }) => kind)).toContain('id');
  });

  it('explains every key that a schema can have', async () => {
    const text = await readFile(file, 'utf8');
    const keys = new Set(keysOf(schemaInput));
    expect(keys.size).toBeGreaterThan(30);
    expect([...keys].filter((key) => !new RegExp(`\\b${key}:`).test(text))).toEqual([]);
  });
});
