import { checkPatch, type Json, type RowsPatch, type SnapshotPatch, type StateTensor } from '@gatehouse/domain';
import { z } from 'zod';

import { FormatError } from './format-error';
import { parseFields } from './parse-fields';
import { decodeSafetensors, encodeSafetensors } from './safetensors';

const fields = z.strictObject({
  /** Shape that each tensor takes before its rows are replaced. Pairs, because a tensor may have any name. */
  shapes: z.array(z.tuple([z.string(), z.array(z.int().nonnegative())])),
  removed: z.array(z.string()),
  metadata: z.custom<Json>((value) => value !== undefined),
});

/**
 * Writes a patch in the safetensors format. Tensor `t` of the part stands as `t.whole`, or as `t.index` and `t.rows`; shapes and
 * names of removed tensors stand in the metadata. No tensor has its own name, so a reader of whole parts cannot mistake the file.
 *
 * @returns the file in pieces, views of the patch's own arrays
 * @throws RangeError as `checkPatch` and `encodeSafetensors` do
 */
export function encodePatch(patch: SnapshotPatch): Uint8Array[] {
  checkPatch(patch);
  const { tensors, rows, removed = [], metadata } = patch;
  const changes = Object.entries(rows);
  return encodeSafetensors({
    tensors: Object.fromEntries<StateTensor>([
      ...Object.entries(tensors).map(([name, tensor]) => [`${name}.whole`, tensor] as const),
      ...changes.flatMap(([name, { index, data }]) => [
        [`${name}.index`, { dtype: 'U32' as const, shape: [index.length], data: index }] as const,
        [`${name}.rows`, data] as const,
      ]),
    ]),
    metadata: { shapes: changes.map(([name, { shape }]) => [name, shape]), removed, metadata },
  });
}

/**
 * Reads what {@link encodePatch} wrote; the arrays are views of `bytes`. Whether the patch fits a base is for `applyPatch` to say.
 *
 * @throws FormatError when the bytes are no patch.
 */
export function decodePatch(bytes: Uint8Array): SnapshotPatch {
  const file = decodeSafetensors(bytes);
  const { shapes, removed, metadata } = parseFields(fields, file.metadata, ['__metadata__']);
  const left = new Map(Object.entries(file.tensors));
  const take = (name: string): StateTensor => {
    const tensor = left.get(name);
    if (!tensor) throw new FormatError(`expected a tensor ${name}, found ${[...left.keys()].join(', ') || 'none'}`);
    left.delete(name);
    return tensor;
  };
  const rows = shapes.map(([name, shape]): [string, RowsPatch] => {
    const { dtype, data: index } = take(`${name}.index`);
    if (dtype !== 'U32') throw new FormatError(`tensor ${name}.index: expected U32, found ${dtype}`);
    return [name, { shape, index, data: take(`${name}.rows`) }];
  });
  const tensors = [...left].map(([name, tensor]): [string, StateTensor] => {
    if (!name.endsWith('.whole')) throw new FormatError(`tensor ${name}: expected <name>.whole`);
    return [name.slice(0, -'.whole'.length), tensor];
  });
  return {
    tensors: Object.fromEntries(tensors),
    rows: Object.fromEntries(rows),
    ...(removed.length > 0 && { removed }),
    metadata,
  };
}
