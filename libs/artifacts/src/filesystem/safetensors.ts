import type { Json, Snapshot, StateTensor, TensorTypes } from '@gatehouse/domain';
import { z } from 'zod';

import { FormatError } from './format-error';
import { parseFields } from './parse-fields';

/** Longest header that is read or written: far above any of ours, and small enough to parse without harm. */
const maxHeaderBytes = 64 * 1024 * 1024;
/** Where our `Snapshot.metadata` stands within the format's string map. */
const metadataKey = 'gatehouse';

type ViewOf<D extends keyof TensorTypes> = new (buffer: ArrayBufferLike, at: number, length: number) => TensorTypes[D];

/**
 * Element types in the order in which their tensors are laid out, largest elements first. The format allows no gaps, so this
 * order is what aligns every tensor to its elements; the reference implementation uses the same.
 */
const views: { readonly [D in keyof TensorTypes]: ViewOf<D> & { readonly BYTES_PER_ELEMENT: number } } = {
  F64: Float64Array,
  F32: Float32Array,
  U32: Uint32Array,
  I32: Int32Array,
  U8: Uint8Array,
};
const dtypes = Object.keys(views) as (keyof TensorTypes)[];

/**
 * Writes a snapshot in the safetensors format, https://github.com/huggingface/safetensors#format:
 * `[8-byte little-endian header length][JSON header, padded with spaces to a multiple of 8][data of all tensors]`.
 * Metadata stands as JSON text under `__metadata__.gatehouse`.
 *
 * @returns the file in pieces, header first; the others are views of the snapshot's own arrays, so nothing is copied
 * @throws RangeError when a tensor's shape does not fit its data, when metadata holds a number that is not finite (JSON has none),
 * or when the header exceeds 64 MiB
 * @example const file = Buffer.concat(encodeSafetensors(table.snapshot()));
 */
export function encodeSafetensors({ tensors, metadata }: Snapshot): Uint8Array[] {
  const laidOut = Object.entries(tensors).sort(
    ([leftName, left], [rightName, right]) =>
      dtypes.indexOf(left.dtype) - dtypes.indexOf(right.dtype) || (leftName < rightName ? -1 : 1),
  );
  const fields: [string, unknown][] = [['__metadata__', { [metadataKey]: jsonText(metadata) }]];
  let end = 0;
  for (const [name, tensor] of laidOut) {
    checkTensor(name, tensor);
    const begin = end;
    end += tensor.data.byteLength;
    fields.push([name, { dtype: tensor.dtype, shape: tensor.shape, data_offsets: [begin, end] }]);
  }
  return [encodeHeader(Object.fromEntries(fields)), ...laidOut.map(([, { data }]) => bytesOf(data))];
}

function encodeHeader(header: object): Uint8Array {
  const text = Buffer.from(JSON.stringify(header), 'utf8');
  const length = Math.ceil(text.length / 8) * 8;
  if (length > maxHeaderBytes) {
    throw new RangeError(
      `safetensors header: expected at most ${maxHeaderBytes} bytes, found ${length}; keep large state in tensors`,
    );
  }
  const bytes = Buffer.alloc(8 + length, ' ');
  bytes.writeBigUInt64LE(BigInt(length));
  bytes.set(text, 8);
  return bytes;
}

function checkTensor(name: string, { dtype, shape, data }: StateTensor): void {
  if (name === '__metadata__') throw new RangeError('tensor name: __metadata__ is reserved by the format');
  if (data[Symbol.toStringTag] !== views[dtype].name || data.length !== elementsOf(shape)) {
    throw new RangeError(
      `tensor ${name}: expected ${dtype}[${shape.join(', ')}], found ${data[Symbol.toStringTag]} of ${data.length}`,
    );
  }
}

function jsonText(metadata: Json): string {
  return JSON.stringify(metadata, (key, value: unknown) => {
    if (typeof value === 'number' && !Number.isFinite(value)) {
      throw new RangeError(`metadata ${key}: expected a finite number, found ${value}; keep such values in tensors`);
    }
    return value;
  });
}

const tensorInfo = z.strictObject({
  dtype: z.enum(dtypes),
  shape: z.array(z.int().nonnegative()),
  data_offsets: z.tuple([z.int().nonnegative(), z.int().nonnegative()]),
});
type TensorInfo = z.infer<typeof tensorInfo>;
const stringMap = z.record(z.string(), z.string());

/**
 * Reads a whole safetensors file. The tensors are views of `bytes`: nothing is copied, and they live as long as its buffer.
 *
 * @throws FormatError naming field, expected and found, when the bytes break the format in any way: nothing in them is trusted.
 * @example decodeSafetensors(await readFile('item-rows.safetensors')).tensors['rows'].shape; // [1000000, 64]
 */
export function decodeSafetensors(bytes: Uint8Array): Snapshot {
  const dataStart = 8 + headerLength(bytes);
  const { __metadata__: metadata = {}, ...infos } = parseHeader(bytes, dataStart);
  const tensors = Object.entries(infos).map(([name, info]) => ({ name, ...parseFields(tensorInfo, info, [name]) }));
  checkLayout(tensors, bytes.length - dataStart);
  return {
    tensors: Object.fromEntries(tensors.map((info) => [info.name, viewOf(bytes, dataStart, info)])),
    metadata: parseMetadata(parseFields(stringMap, metadata, ['__metadata__'])),
  };
}

function headerLength(bytes: Uint8Array): number {
  if (bytes.length < 8) throw new FormatError(`expected at least 8 bytes, found ${bytes.length}`);
  const length = Number(new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true));
  const most = Math.min(maxHeaderBytes, bytes.length - 8);
  if (length > most) throw new FormatError(`header length: expected at most ${most}, found ${length}`);
  return length;
}

function parseHeader(bytes: Uint8Array, end: number): Record<string, unknown> {
  // Copied, because text decoders may refuse shared memory.
  const text = Buffer.from(bytes.subarray(8, end));
  if (text[0] !== 0x7b) throw new FormatError(`header: expected {, found byte ${text[0] ?? 'none'}`);
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(text)) as Record<string, unknown>;
  } catch (cause) {
    throw new FormatError('header: expected JSON in UTF-8', { cause });
  }
}

function parseMetadata({ [metadataKey]: text }: Record<string, string>): Json {
  if (text === undefined) return null;
  try {
    return JSON.parse(text) as Json;
  } catch (cause) {
    throw new FormatError(`__metadata__.${metadataKey}: expected JSON`, { cause });
  }
}

/** The tensors must fill the data section one after another, without gap or overlap. */
function checkLayout(tensors: readonly (TensorInfo & { name: string })[], dataBytes: number): void {
  const inOrder = [...tensors].sort(
    ({ data_offsets: left }, { data_offsets: right }) => left[0] - right[0] || left[1] - right[1],
  );
  let filled = 0;
  for (const { name, dtype, shape, data_offsets: offsets } of inOrder) {
    const length = elementsOf(shape) * views[dtype].BYTES_PER_ELEMENT;
    if (offsets[0] !== filled || offsets[1] - offsets[0] !== length || offsets[1] > dataBytes) {
      throw new FormatError(
        `tensor ${name}: expected offsets ${filled} to ${filled + length} within ${dataBytes}, found ${offsets.join(' to ')}`,
      );
    }
    filled = offsets[1];
  }
  if (filled !== dataBytes) throw new FormatError(`data: expected ${filled} bytes, found ${dataBytes}`);
}

function viewOf(
  bytes: Uint8Array,
  dataStart: number,
  { name, dtype, shape, data_offsets: [begin] }: TensorInfo & { name: string },
): StateTensor {
  const View = views[dtype];
  const at = bytes.byteOffset + dataStart + begin;
  if (at % View.BYTES_PER_ELEMENT !== 0) {
    throw new FormatError(
      `tensor ${name}: expected ${dtype} aligned to ${View.BYTES_PER_ELEMENT} bytes, found offset ${at}`,
    );
  }
  return { dtype, shape, data: new View(bytes.buffer, at, elementsOf(shape)) } as StateTensor;
}

function elementsOf(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

function bytesOf(data: StateTensor['data']): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}
