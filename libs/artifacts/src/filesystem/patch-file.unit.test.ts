import type { Json, SnapshotPatch } from '@gatehouse/domain';

import { FormatError } from './format-error';
import { decodePatch, encodePatch } from './patch-file';
import { decodeSafetensors, encodeSafetensors } from './safetensors';

const bytesOf = (pieces: Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(pieces));
const rows = {
  shape: [4, 2],
  index: Uint32Array.of(3, 0),
  data: { dtype: 'F32', shape: [2, 2], data: Float32Array.of(1, 2, 3, 4) },
} as const;
const patch: SnapshotPatch = {
  tensors: { 'rows.index': { dtype: 'U8', shape: [1], data: Uint8Array.of(7) } },
  rows: { rows, ['__proto__']: rows },
  removed: ['gone'],
  metadata: { ['__proto__']: 1, step: 2 },
};

describe('patch file', () => {
  it('gives back what was written, whatever the names', () => {
    for (const each of [patch, { ...patch, removed: undefined, rows: {} }]) {
      const { removed, ...rest } = each;
      const written: SnapshotPatch = { ...rest, ...(removed && { removed }) };
      expect(decodePatch(bytesOf(encodePatch(written)))).toEqual(written);
    }
  });

  it('has no tensor of the part under its own name', () => {
    const { tensors } = decodeSafetensors(bytesOf(encodePatch(patch)));
    expect(Object.keys(tensors).sort()).toEqual([
      '__proto__.index',
      '__proto__.rows',
      'rows.index',
      'rows.index.whole',
      'rows.rows',
    ]);
  });

  it('is not written with more rows than indices', () => {
    const short = { ...rows, index: Uint32Array.of(3) };
    expect(() => encodePatch({ ...patch, rows: { rows: short } })).toThrow('expected [1, 2], found [2, 2]');
  });

  const { tensors, metadata } = decodeSafetensors(bytesOf(encodePatch({ ...patch, rows: { rows } })));
  it.each<[string, object, object]>([
    ['a whole part', { rows: rows.data }, metadata as object],
    ['rows without indices', { ...tensors, 'rows.index': rows.data }, metadata as object],
    ['a tensor too few', { 'rows.index': tensors['rows.index'] }, metadata as object],
    ['no shapes', tensors, {}],
    ['a negative size', tensors, { shapes: [['rows', [-1, 2]]], removed: [], metadata: null }],
    ['no metadata of the part', tensors, { shapes: [['rows', [4, 2]]], removed: [] }],
    ['an unknown field', tensors, { ...(metadata as object), extra: 1 }],
  ])('is refused as %s', (_, changedTensors, changedMetadata) => {
    const file = encodeSafetensors({ tensors: changedTensors as typeof tensors, metadata: changedMetadata as Json });
    expect(() => decodePatch(bytesOf(file))).toThrow(FormatError);
  });
});
