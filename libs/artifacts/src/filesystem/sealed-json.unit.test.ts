import { createHash } from 'node:crypto';

import { FormatError } from './format-error';
import { openSealedJson, sealJson } from './sealed-json';

const value = { id: '3-17', files: [{ name: 'ä.safetensors', bytes: 12 }], parent: null };

describe('sealed JSON', () => {
  it('is plain JSON that carries the hash of all that follows the first line', () => {
    const text = Buffer.from(sealJson(value)).toString('utf8');
    const rest = text.slice(text.indexOf('\n') + 1);
    expect(JSON.parse(text)).toEqual({ sha256: createHash('sha256').update(rest).digest('hex'), ...value });
  });

  it('opens to what was sealed', () => {
    expect(openSealedJson(sealJson(value))).toEqual(value);
  });

  it('is refused with any one bit flipped', () => {
    const sealed = sealJson(value);
    for (let bit = 0; bit < sealed.length * 8; bit++) {
      const flipped = Uint8Array.from(sealed);
      flipped[bit >> 3] ^= 1 << (bit & 7);
      expect(() => openSealedJson(flipped)).toThrow(FormatError);
    }
  });

  it('is refused at any shorter or greater length', () => {
    const sealed = sealJson(value);
    for (let length = 0; length < sealed.length; length++) {
      expect(() => openSealedJson(sealed.subarray(0, length))).toThrow(FormatError);
    }
    expect(() => openSealedJson(Buffer.concat([sealed, Buffer.from('\n')]))).toThrow(FormatError);
  });
});
