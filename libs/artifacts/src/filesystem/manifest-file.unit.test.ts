import { UnsupportedVersionError } from '../errors';
import type { Manifest } from '../model-store';
import { FormatError } from './format-error';
import { decodeManifest, encodeManifest } from './manifest-file';
import { sealJson } from './sealed-json';

const manifest: Manifest = {
  formatVersion: 1,
  id: '2-5',
  parent: '1-4',
  kind: 'full',
  base: null,
  schemaHash: 'c0ffee',
  files: [{ name: 'id-map.items.safetensors', bytes: 3, sha256: 'a'.repeat(64) }],
  offsets: { impressions: { 0: 12 } },
  metrics: { loss: 0.5 },
  createdAtMs: 1,
};
const [file] = manifest.files;
const delta: Manifest = {
  ...manifest,
  kind: 'delta',
  base: '1-4',
  baseSha256: 'b'.repeat(64),
  files: [{ ...file, name: 'id-map.items.patch.safetensors' }],
};

describe('manifest file', () => {
  it('gives back what was written, full or delta', () => {
    for (const each of [manifest, delta]) expect(decodeManifest(encodeManifest(each), '2-5')).toEqual(each);
  });

  it('is refused as the manifest of another version', () => {
    expect(() => decodeManifest(encodeManifest(manifest), '2-6')).toThrow(/id: expected 2-6, found 2-5/);
  });

  it('tells another format from damage', () => {
    expect(() => decodeManifest(sealJson({ formatVersion: 2, files: 'elsewhere' }), '2-5')).toThrow(
      UnsupportedVersionError,
    );
  });

  it.each<[string, object]>([
    ['an unknown field', { ...manifest, signature: '' }],
    ['a folder in a file name', { ...manifest, files: [{ ...file, name: '../towers.safetensors' }] }],
    ['another kind of file', { ...manifest, files: [{ ...file, name: 'towers.js' }] }],
    ['one file twice', { ...manifest, files: [file, file] }],
    ['a hash of another form', { ...manifest, files: [{ ...file, sha256: 'A'.repeat(64) }] }],
    ['a part both whole and changed', { ...delta, files: [file, ...delta.files] }],
    ['a full version with changes', { ...manifest, files: delta.files }],
    ['a full version with a base', { ...manifest, base: '1-4' }],
    ['a delta without a base', { ...delta, base: null }],
    ["a delta without its base's hash", { ...manifest, kind: 'delta', base: '1-4' }],
    ['a delta of itself', { ...delta, base: '2-5' }],
    ['a delta of a newer version', { ...delta, base: '3-1' }],
    ['a size below zero', { ...manifest, files: [{ ...file, bytes: -1 }] }],
    ['a partition that is no number', { ...manifest, offsets: { impressions: { first: 1 } } }],
  ])('refuses %s', (_, value) => {
    expect(() => decodeManifest(sealJson(value), '2-5')).toThrow(FormatError);
  });
});
