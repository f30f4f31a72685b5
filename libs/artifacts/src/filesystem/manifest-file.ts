import { compareModelVersions, type ModelVersionId, parseModelVersion } from '@gatehouse/domain';
import { z } from 'zod';

import { UnsupportedVersionError } from '../errors';
import type { Manifest } from '../model-store';
import { partsOf } from '../parts-of';
import { FormatError } from './format-error';
import { parseFields } from './parse-fields';
import { isPatchFile } from './part-files';
import { openSealedJson, sealJson } from './sealed-json';

/** Name of the manifest within a version. */
export const manifestName = 'manifest.json';

/** A model version id. */
export const versionId = z.string().refine(isVersionId, { error: 'expected <epoch>-<sequence>' });

const count = z.int().nonnegative();

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);

const manifestFields = z.strictObject({
  formatVersion: z.literal(1),
  id: versionId,
  parent: versionId.nullable(),
  kind: z.enum(['full', 'delta']),
  base: versionId.nullable(),
  baseSha256: sha256.exactOptional(),
  schemaHash: z.string(),
  files: z
    .array(
      z.strictObject({
        name: z.string().regex(/^[a-z0-9.-]+\.safetensors$/),
        bytes: count,
        sha256,
      }),
    )
    .refine((files) => new Set(partsOf({ files })).size === files.length, { error: 'expected each part once' }),
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
    checkKind(manifest);
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
  checkKind(manifest);
  return manifest;
}

/** A delta, and nothing else, has a base and changes of its parts. The base is older, so no chain of them runs in a circle. */
function checkKind({ kind, id, base, baseSha256, files }: Manifest): void {
  const change = files.find(({ name }) => isPatchFile(name));
  if (kind === 'full') {
    if (base !== null || baseSha256 !== undefined) throw new FormatError(`base: expected none, found ${base}`);
    if (change) throw new FormatError(`files: expected whole parts, found ${change.name}`);
  } else if (base === null || baseSha256 === undefined || compareModelVersions(base, id) >= 0) {
    throw new FormatError(`base: expected a version before ${id} and its hash, found ${base} and ${baseSha256}`);
  }
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
