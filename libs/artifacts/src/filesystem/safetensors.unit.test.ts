import type { Snapshot } from '@gatehouse/domain';
import fc from 'fast-check';

import { FormatError } from './format-error';
import { decodeSafetensors, encodeSafetensors } from './safetensors';

const encode = (snapshot: Snapshot): Buffer => Buffer.concat(encodeSafetensors(snapshot));

/** A file of any header text, padded by hand, and any data. */
function fileOf(header: unknown, data: readonly number[] = [], headerBytes?: bigint): Uint8Array {
  const text = typeof header === 'string' ? header : JSON.stringify(header);
  const padded = text.padEnd(Math.ceil(text.length / 8) * 8, ' ');
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(headerBytes ?? BigInt(padded.length));
  const bytes = Buffer.concat([length, Buffer.from(padded, 'latin1'), Uint8Array.from(data)]);
  return new Uint8Array(new Uint8Array(bytes).buffer);
}

describe('safetensors', () => {
  it('writes the bytes worked out by hand', () => {
    const snapshot: Snapshot = {
      tensors: {
        a: { dtype: 'U8', shape: [3], data: Uint8Array.of(1, 2, 3) },
        b: { dtype: 'F32', shape: [1, 2], data: Float32Array.of(1, -2) },
      },
      metadata: { k: 1 },
    };
    // b comes first: 4-byte elements before 1-byte ones, so that b starts aligned. Its 8 bytes end where the 3 of a begin.
    // Lengths of the four lines below: 42 + 55 + 52 + 1 = 150, padded to 152 = 0x98.
    const header = [
      '{"__metadata__":{"gatehouse":"{\\"k\\":1}"},',
      '"b":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8]},',
      '"a":{"dtype":"U8","shape":[3],"data_offsets":[8,11]}',
      '}',
    ].join('');
    const expected = Buffer.concat([
      Buffer.of(0x98, 0, 0, 0, 0, 0, 0, 0),
      Buffer.from(header.padEnd(152, ' ')),
      Buffer.of(0, 0, 0x80, 0x3f), // 1 = 0x3f800000
      Buffer.of(0, 0, 0, 0xc0), // -2 = 0xc0000000
      Buffer.of(1, 2, 3),
    ]);
    expect(encode(snapshot).toString('latin1')).toBe(expected.toString('latin1'));
    expect(decodeSafetensors(new Uint8Array(expected))).toEqual(snapshot);
  });

  it('reads a file without metadata, with any order of header and data', () => {
    const file = fileOf(
      {
        second: { dtype: 'U8', shape: [2], data_offsets: [4, 6] },
        first: { dtype: 'I32', shape: [], data_offsets: [0, 4] },
      },
      [0xfe, 0xff, 0xff, 0xff, 7, 8],
    );
    expect(decodeSafetensors(file)).toEqual({
      tensors: {
        second: { dtype: 'U8', shape: [2], data: Uint8Array.of(7, 8) },
        first: { dtype: 'I32', shape: [], data: Int32Array.of(-2) },
      },
      metadata: null,
    });
  });

  it('copies nothing, neither on writing nor on reading', () => {
    const data = new Float64Array(4);
    const pieces = encodeSafetensors({ tensors: { x: { dtype: 'F64', shape: [4], data } }, metadata: null });
    expect(pieces[1].buffer).toBe(data.buffer);
    const file = new Uint8Array(new SharedArrayBuffer(pieces[0].length + 32));
    file.set(pieces[0]);
    expect(decodeSafetensors(file).tensors['x'].data.buffer).toBe(file.buffer);
  });

  const tensor = fc.oneof(
    fc.uint8Array().map((data) => ({ dtype: 'U8' as const, shape: [data.length], data })),
    fc.int32Array().map((data) => ({ dtype: 'I32' as const, shape: [1, data.length], data })),
    fc.uint32Array().map((data) => ({ dtype: 'U32' as const, shape: [data.length, 1], data })),
    fc.float32Array().map((data) => ({ dtype: 'F32' as const, shape: [data.length], data })),
    fc.float64Array().map((data) => ({ dtype: 'F64' as const, shape: [data.length], data })),
  );
  const name = fc.string({ unit: 'grapheme' }).filter((text) => text !== '__metadata__');

  it('gives back any snapshot, whatever the mix of element types', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(name, tensor)), fc.jsonValue({ noUnicodeString: false }), (entries, metadata) => {
        const snapshot = {
          tensors: Object.fromEntries(entries),
          metadata: JSON.parse(JSON.stringify(metadata)) as null,
        };
        expect(decodeSafetensors(new Uint8Array(encode(snapshot)))).toEqual(snapshot);
      }),
    );
  });

  const one = { dtype: 'F32', shape: [1], data_offsets: [0, 4] };
  it.each<[string, Uint8Array]>([
    ['fewer than 8 bytes', Uint8Array.of(1, 2)],
    ['a header that ends behind the file', fileOf('{}', [], 16n)],
    ['a header length that overflows a double', fileOf('{}', [], 0xffff_ffff_ffff_ffffn)],
    ['an empty header', fileOf('')],
    ['a header that is no object', fileOf('[]')],
    ['a header that begins with a space', fileOf(' {}')],
    ['a header that is not JSON', fileOf('{"a":')],
    ['a header that is not UTF-8', fileOf('{"\xff\xfe":1}')],
    ['an unknown element type', fileOf({ x: { ...one, dtype: 'BF16' } }, [0, 0, 0, 0])],
    ['an unknown field', fileOf({ x: { ...one, offset: 0 } }, [0, 0, 0, 0])],
    ['a missing field', fileOf({ x: { dtype: 'F32', shape: [1] } }, [0, 0, 0, 0])],
    ['a negative size', fileOf({ x: { ...one, shape: [-1] } }, [0, 0, 0, 0])],
    ['a size that is no integer', fileOf({ x: { ...one, shape: [1.5] } }, [0, 0, 0, 0])],
    ['a shape that does not fill its offsets', fileOf({ x: { ...one, shape: [2] } }, [0, 0, 0, 0])],
    ['a shape whose product overflows', fileOf({ x: { ...one, shape: [2 ** 52, 2 ** 52] } }, [0, 0, 0, 0])],
    ['offsets behind the end', fileOf({ x: { ...one, shape: [2], data_offsets: [0, 8] } }, [0, 0, 0, 0])],
    ['offsets in reverse', fileOf({ x: { ...one, shape: [0], data_offsets: [4, 0] } }, [0, 0, 0, 0])],
    ['a gap before the first tensor', fileOf({ x: { ...one, data_offsets: [4, 8] } }, [0, 0, 0, 0, 0, 0, 0, 0])],
    ['bytes that no tensor owns', fileOf({ x: one }, [0, 0, 0, 0, 0])],
    ['two tensors on the same bytes', fileOf({ x: one, y: one }, [0, 0, 0, 0])],
    [
      'a tensor that its elements do not align',
      fileOf(
        { b: { dtype: 'U8', shape: [1], data_offsets: [0, 1] }, x: { ...one, data_offsets: [1, 5] } },
        [0, 0, 0, 0, 0],
      ),
    ],
    ['metadata that is no map of strings', fileOf({ __metadata__: { gatehouse: 1 } })],
    ['metadata of ours that is not JSON', fileOf({ __metadata__: { gatehouse: '{' } })],
  ])('refuses %s', (_, file) => {
    expect(() => decodeSafetensors(file)).toThrow(FormatError);
  });

  it('throws nothing but FormatError, whatever the bytes', () => {
    const sound = encode({ tensors: { x: { dtype: 'F32', shape: [2], data: Float32Array.of(1, 2) } }, metadata: [1] });
    fc.assert(
      fc.property(
        fc.nat(sound.length - 1),
        fc.integer({ min: 1, max: 255 }),
        fc.nat(sound.length),
        (at, change, end) => {
          const bytes = new Uint8Array(sound);
          bytes[at] ^= change;
          const outcomes = [bytes, bytes.slice(0, end)].map((each) => {
            try {
              return decodeSafetensors(each);
            } catch (error) {
              return error;
            }
          });
          for (const outcome of outcomes) {
            expect(outcome instanceof FormatError || !(outcome instanceof Error)).toBe(true);
          }
        },
      ),
    );
  });

  it.each<[string, Snapshot]>([
    ['too few elements', { tensors: { x: { dtype: 'U8', shape: [2], data: Uint8Array.of(1) } }, metadata: null }],
    [
      'the reserved name',
      { tensors: { __metadata__: { dtype: 'U8', shape: [0], data: new Uint8Array(0) } }, metadata: null },
    ],
    ['a number that JSON lacks', { tensors: {}, metadata: { loss: NaN } }],
  ])('does not write %s', (_, snapshot) => {
    expect(() => encodeSafetensors(snapshot)).toThrow(RangeError);
  });
});
