import { gzipSync } from 'node:zlib';

import { status } from '@grpc/grpc-js';
import type { Random } from '@gatehouse/domain';
import { BatchRetrieveRequest, RetrieveRequest, SimilarItemsRequest } from '@gatehouse/proto';

import { breakages } from './broken-request.fixture';
import { pick, randomRetrieve, randomSimilar, some } from './random-request.fixture';
import type { RawCall } from './raw-calls.fixture';

/** A call, and which answers it may get. */
export interface FuzzCase {
  readonly what: string;
  readonly call: RawCall;
  /** gRPC statuses; undefined: none at all. */
  readonly codes: readonly (number | undefined)[];
  readonly httpStatus?: number;
  readonly message?: string;
}

const { OK, INVALID_ARGUMENT, NOT_FOUND, RESOURCE_EXHAUSTED, UNIMPLEMENTED, INTERNAL, DEADLINE_EXCEEDED } = status;
export const methods = ['Retrieve', 'BatchRetrieve', 'SimilarItems'] as const;
export type Method = (typeof methods)[number];
export const pathOf = (method: string): string => `/gatehouse.v1.CandidateService/${method}`;

/** A message in its frame. @param length what the frame says, if not the truth. */
export function frame(message: Uint8Array, flag = 0, length = message.length): Buffer {
  const prefix = Buffer.alloc(5);
  prefix.writeUInt8(flag, 0);
  prefix.writeUInt32BE(length, 1);
  return Buffer.concat([prefix, message]);
}

/** A batch as bytes, of requests as bytes. */
export function batchOf(requests: readonly Uint8Array[]): Buffer {
  return Buffer.concat(requests.flatMap((request) => [Buffer.from([0x0a]), varint(request.length), request]));
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  for (; value > 127; value >>>= 7) bytes.push((value & 127) | 128);
  return Buffer.from([...bytes, value]);
}

const encodeRetrieve = (random: Random) => RetrieveRequest.encode(randomRetrieve(random)).finish();

/** A message within the limits, for any method. */
function validMessage(random: Random): { readonly method: Method; readonly bytes: Uint8Array } {
  const method = pick(random, methods);
  switch (method) {
    case 'Retrieve':
      return { method, bytes: encodeRetrieve(random) };
    case 'BatchRetrieve': {
      const requests = some(1 + random.below(3), () => randomRetrieve(random));
      return { method, bytes: BatchRetrieveRequest.encode({ requests }).finish() };
    }
    case 'SimilarItems':
      return { method, bytes: SimilarItemsRequest.encode(randomSimilar(random)).finish() };
  }
}

/** One thing wrong, by itself or within a batch; the refusal must say just what. */
function brokenField(random: Random): FuzzCase {
  const [what, { apply, message }] = pick(random, Object.entries(breakages));
  const request = { ...randomRetrieve(random), ...(what.includes('history') && { history: undefined }) };
  const bytes = apply(request);
  const isDecodable = !message.startsWith('request:');
  if (random.below(3) > 0)
    return { what, call: { path: pathOf('Retrieve'), body: frame(bytes) }, codes: [INVALID_ARGUMENT], message };
  const before = some(random.below(3), () => encodeRetrieve(random));
  return {
    what: `${what}, in a batch`,
    call: { path: pathOf('BatchRetrieve'), body: frame(batchOf([...before, bytes])) },
    codes: [INVALID_ARGUMENT],
    message: isDecodable ? `requests[${before.length}].${message}` : message,
  };
}

/** Bytes with some of them changed, cut off, doubled or put in. */
function mutateBytes(random: Random, bytes: Uint8Array): Uint8Array {
  const mutated = Buffer.from(bytes);
  const at = random.below(mutated.length + 1);
  switch (random.below(6)) {
    case 0:
      return mutated.subarray(0, at);
    case 1:
      return Buffer.concat([mutated, mutated.subarray(at)]);
    case 2: // a length, tag or number far beyond what follows
      return Buffer.concat([mutated.subarray(0, at), Buffer.alloc(1 + random.below(12), 0xff), mutated.subarray(at)]);
    case 3: // groups within groups
      return Buffer.concat([mutated.subarray(0, at), Buffer.alloc(random.below(60_000), 0x0b)]);
    default:
      for (let n = 1 + random.below(4); n > 0 && mutated.length > 0; n--) {
        mutated[random.below(mutated.length)] ^= 1 << random.below(8);
      }
      return mutated;
  }
}

function mutated(random: Random): FuzzCase {
  const { method, bytes } = validMessage(random);
  return {
    what: `mutated ${method}`,
    call: { path: pathOf(method), body: frame(mutateBytes(random, bytes)) },
    codes: [OK, INVALID_ARGUMENT, NOT_FOUND],
  };
}

/** What is wrong beneath the message: the statuses of these are grpc-js's own. */
const framings: Readonly<
  Record<string, (random: Random, message: Uint8Array) => Omit<FuzzCase, 'what' | 'call'> & Omit<RawCall, 'path'>>
> = {
  'a frame cut short': (random, bytes) => ({
    body: frame(bytes).subarray(0, random.below(bytes.length + 5)),
    codes: [UNIMPLEMENTED],
  }),
  'a frame that promises more': (_, bytes) => ({ body: frame(bytes, 0, bytes.length + 1), codes: [UNIMPLEMENTED] }),
  'a frame that promises 4 GiB': (_, bytes) => ({ body: frame(bytes, 0, 2 ** 32 - 1), codes: [RESOURCE_EXHAUSTED] }),
  'a message of more than 256 KiB': () => ({ body: frame(Buffer.alloc(256 * 1024 + 1)), codes: [RESOURCE_EXHAUSTED] }),
  'a frame that holds more than it says': (random, bytes) => ({
    body: frame(bytes, 0, random.below(bytes.length + 1)),
    codes: [OK, INVALID_ARGUMENT, NOT_FOUND, UNIMPLEMENTED, RESOURCE_EXHAUSTED],
  }),
  'two messages': (_, bytes) => ({ body: Buffer.concat([frame(bytes), frame(bytes)]), codes: [UNIMPLEMENTED] }),
  'a hundred empty frames': () => ({ body: Buffer.alloc(500), codes: [UNIMPLEMENTED] }),
  'no message': () => ({ body: Buffer.alloc(0), codes: [UNIMPLEMENTED] }),
  gzip: (_, bytes) => ({ headers: { 'grpc-encoding': 'gzip' }, body: frame(gzipSync(bytes), 1), codes: [OK] }),
  'a gzip bomb': () => ({ headers: { 'grpc-encoding': 'gzip' }, body: frame(bomb(), 1), codes: [RESOURCE_EXHAUSTED] }),
  'gzip that is none': (_, bytes) => ({
    headers: { 'grpc-encoding': 'gzip' },
    body: frame(Buffer.concat([Buffer.from('x'), bytes]), 1),
    codes: [INTERNAL],
    message: 'Failed to decompress message',
  }),
  'gzip cut short': (_, bytes) => ({
    headers: { 'grpc-encoding': 'gzip' },
    body: frame(gzipSync(bytes).subarray(0, -9), 1),
    codes: [INTERNAL],
    message: 'Failed to decompress message',
  }),
  'an unknown compression': (_, bytes) => ({
    headers: { 'grpc-encoding': 'middle-out' },
    body: frame(bytes, 1),
    codes: [UNIMPLEMENTED],
  }),
  'a flag that is none': (random, bytes) => ({ body: frame(bytes, 2 + random.below(254)), codes: [OK] }),
  'a timeout that is none': (_, bytes) => ({
    headers: { 'grpc-timeout': 'soon' },
    body: frame(bytes),
    codes: [INTERNAL],
    message: 'Invalid grpc-timeout value "soon"',
  }),
  'no time': (_, bytes) => ({ headers: { 'grpc-timeout': '0m' }, body: frame(bytes), codes: [DEADLINE_EXCEEDED] }),
  'another content type': (_, bytes) => ({
    headers: { 'content-type': 'application/json' },
    body: frame(bytes),
    codes: [undefined],
    httpStatus: 415,
  }),
  'a call that is given up': (_, bytes) => ({ body: frame(bytes), isReset: true, codes: [undefined, OK] }),
};

let zeros: Buffer | undefined;
/** 64 MiB in 64 KiB. */
function bomb(): Buffer {
  return (zeros ??= gzipSync(Buffer.alloc(64 * 1024 * 1024)));
}

function misframed(random: Random): FuzzCase {
  const { method, bytes } = validMessage(random);
  const [what, make] = pick(random, Object.entries(framings));
  const { body, headers = {}, isReset = false, ...expected } = make(random, bytes);
  return { what, call: { path: pathOf(method), headers, body, isReset }, ...expected };
}

/** Similar items, and paths. */
const others: readonly ((random: Random) => FuzzCase)[] = [
  () => ({
    what: 'an unknown item',
    ...similar({ itemId: 'nobody' }),
    codes: [NOT_FOUND],
    message: 'item_id: expected an item of the catalogue, found "nobody"',
  }),
  () => ({
    what: 'no item',
    ...similar({}),
    codes: [INVALID_ARGUMENT],
    message: 'item_id: expected 1 to 128 bytes, found 0',
  }),
  () => ({
    what: 'an item of 129 bytes',
    ...similar({ itemId: 'm'.repeat(129) }),
    codes: [INVALID_ARGUMENT],
    message: 'item_id: expected 1 to 128 bytes, found 129',
  }),
  () => ({
    what: '10^9 similar items',
    ...similar({ itemId: 'm1', limit: 1e9 }),
    codes: [INVALID_ARGUMENT],
    message: 'limit: expected 1 to 1000, found 1000000000',
  }),
  () => ({ what: 'nothing set', call: { path: pathOf('Retrieve'), body: frame(Buffer.alloc(0)) }, codes: [OK] }),
  () => ({
    what: 'an empty batch',
    call: { path: pathOf('BatchRetrieve'), body: frame(Buffer.alloc(0)) },
    codes: [INVALID_ARGUMENT],
    message: 'requests: expected 1 to 100, found 0',
  }),
  () => ({
    what: 'a batch of 101',
    call: { path: pathOf('BatchRetrieve'), body: frame(batchOf(some(101, () => Buffer.alloc(0)))) },
    codes: [INVALID_ARGUMENT],
    message: 'requests: expected 1 to 100, found 101',
  }),
  () => ({
    what: 'a batch for 5100',
    call: { path: pathOf('BatchRetrieve'), body: frame(batchOf(some(51, () => Buffer.alloc(0)))) },
    codes: [INVALID_ARGUMENT],
    message: 'requests: expected limits that sum up to at most 4000, found 5100',
  }),
  (random) => ({
    what: 'an unknown method',
    call: {
      path: pick(random, [pathOf('Learn'), '/', '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo']),
      body: frame(encodeRetrieve(random)),
    },
    codes: [UNIMPLEMENTED],
  }),
];

function similar(request: Partial<SimilarItemsRequest>): Pick<FuzzCase, 'call'> {
  const bytes = SimilarItemsRequest.encode(SimilarItemsRequest.fromPartial(request)).finish();
  return { call: { path: pathOf('SimilarItems'), body: frame(bytes) } };
}

/** A call that nothing is wrong with. */
export function validCase(random: Random): FuzzCase {
  const { method, bytes } = validMessage(random);
  return { what: `valid ${method}`, call: { path: pathOf(method), body: frame(bytes) }, codes: [OK] };
}

/** The next call: of ten, two are valid, two have one field wrong, four are mutated, one is framed wrongly, one is of another kind. */
export function nextCase(random: Random): FuzzCase {
  return pick(random, [
    validCase,
    validCase,
    brokenField,
    brokenField,
    mutated,
    mutated,
    mutated,
    mutated,
    misframed,
    pick(random, others),
  ])(random);
}
