import { type ModelVersionId, parseModelVersion } from '@gatehouse/domain';
import { z } from 'zod';

import { UnsupportedVersionError } from '../errors';
import type { Manifest } from '../model-store';
import { FormatError } from './format-error';
import { parseFields } from './parse-fields';
import { openSealedJson, sealJson } from './sealed-json';

/** Name of the manifest within a version. */
export const manifestName = 'manifest.json';

/** A model version id. */
export const versionId = z.string().refine(isVersionId, { error: 'expected <epoch>-<sequence>' });

const count = z.int().nonnegative();

const manifestFields = z.strictObject({
  formatVersion: z.literal(1),
  id: versionId,
  parent: versionId.nullable(),
  kind: z.enum(['full', 'delta']),
  base: versionId.nullable(),
  schemaHash: z.string(),
  files: z
    .array(
      z.strictObject({
        name: z.string().regex(/^[a-z0-9.-]+\.safetensors$/),
        bytes: count,
        sha256: z.string().regex(/^[0-9a-f]{64}$/),
      }),
    )
    .refine((files) => new Set(files.map(({ name }) => name)).size === files.length, {
      error: 'expected each name once',
    }),
  offsets: z.record(z.string(), z.record(z.string().regex(/^\d+$/), count)),
  metrics: z.record(z.string(), z.number()),
  createdAtMs: z.number(),
});

const anyFormat = z.looseObject({ formatVersion: z.int() });

/**
 * Writes a manifest.
 *
 * @throws RangeError naming the field, when it is one that {@link decodeManifest} would refuse.
 */
export function encodeManifest(manifest: Manifest): Uint8Array {
  try {
    parseFields(manifestFields, manifest);
  } catch (cause) {
    if (!(cause instanceof FormatError)) throw cause;
    throw new RangeError(`version ${manifest.id}: ${cause.message}`, { cause });
  }
  return sealJson(manifest);
}

/**
 * Reads the manifest of a version.
 *
 * @throws FormatError when it is not, byte for byte, what was written, or is another version's; UnsupportedVersionError when it is of
 * another format.
 */
export function decodeManifest(bytes: Uint8Array, id: ModelVersionId): Manifest {
  const value = openSealedJson(bytes);
  const { formatVersion } = parseFields(anyFormat, value);
  if (formatVersion !== 1) throw new UnsupportedVersionError(id, `format ${formatVersion}`);
  const manifest = parseFields(manifestFields, value);
  if (manifest.id !== id) throw new FormatError(`id: expected ${id}, found ${manifest.id}`);
  return manifest;
}

/** Whether a text is a model version id. */
export function isVersionId(text: string): boolean {
  try {
    parseModelVersion(text);
    return true;
  } catch {
    return false;
  }
}
