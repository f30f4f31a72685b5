import { constants, type IncomingHttpHeaders, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2';
import type { Socket } from 'node:net';

import type { Clock } from '@gatehouse/runtime';

import { createBudget } from './budget';
import type { LimitSettings } from './transport-settings';

/** Why a connection was closed. */
export type Misbehaviour =
  | 'no-request'
  | 'request-too-slow'
  | 'headers-too-large'
  | 'answer-not-taken'
  | 'too-many-control-frames'
  | 'too-many-resets'
  | 'too-many-bytes'
  | 'protocol-error';

/** Bytes that RFC 9113, section 6.5.2, counts for a header beside its name and value. */
const bytesPerHeader = 32;

/** What happens on a connection that matters outside. */
export interface SessionEvents {
  /** The first request begins. */
  readonly onRequest: () => void;
  /** It is being closed. */
  readonly onMisbehaviour: (why: Misbehaviour) => void;
}

/** A connection under watch. */
export interface WatchedSession {
  /** When it began, by the monotonic clock. */
  readonly beganMs: number;
  /** Looks for what has no event of its own: bytes that are no part of a request, and answers that are not taken. */
  inspect(): void;
}

/** Largest request that is read: a stream earns its connection as many bytes. */
export const maxRequestBytes = 256 * 1024;

/** What the budget of control frames holds at first, in seconds of its growth: some clients begin with several. */
const controlBurstSeconds = 10;

/** The same of the bytes: an honest start takes a few hundred. */
const bytesBurstSeconds = 2;

/** What it costs to end a call before its request is whole: honest clients mostly end those that take too long. */
const resetsForHalf = 4;
/** Calls that a peer may break off beside for each that ran to its end: a slow moment breaks off a share of many. */
const resetsPerCall = 0.5;

/** PINGs and SETTINGS that come with a call, for some clients measure the round trip with each answer. */
const controlFramesPerCall = 2;

/**
 * Watches a connection for what neither HTTP/2 in Node.js nor grpc-js bounds, and closes it: slow ones with GOAWAY, so that calls on their
 * way can end, and floods at once.
 *
 * | attack                                          | seen as                                                     |
 * | ----------------------------------------------- | ----------------------------------------------------------- |
 * | nothing, half a preface, no request             | no stream within `firstRequestMs`                           |
 * | half a request                                  | a stream whose request has no end within `requestMs`        |
 * | answers are not read                            | unsent bytes of one stream for `answerMs`                   |
 * | PING or SETTINGS flood                          | events of the session, against a budget                     |
 * | rapid reset (CVE-2023-44487)                    | streams that the peer aborts, against a budget              |
 * | WINDOW_UPDATE, PRIORITY, empty or unknown       | bytes beyond what the requests of the connection account    |
 * | frames                                          | for, against a budget                                       |
 * | headers beyond the limit                        | headers of each stream                                      |
 * | CONTINUATION flood, streams beyond the limit    | an error of the session: nghttp2 closes it by itself        |
 */
export function watchSession(
  session: ServerHttp2Session,
  socket: Socket,
  limits: LimitSettings,
  clock: Clock,
  { onRequest, onMisbehaviour }: SessionEvents,
): WatchedSession {
  const { firstRequestMs, requestMs, answerMs, ageGraceMs, headerBytes, streamsPerConnection } = limits;
  const requestBytes = maxRequestBytes + headerBytes;
  const budgetOf = (perSecond: number, burst: number, perCall = 0) =>
    createBudget({ perSecond, burst, most: burst + perCall * streamsPerConnection }, clock);
  const { controlFramesPerSecond, resetsPerSecond, spareBytesPerSecond } = limits;
  const controlFrames = budgetOf(
    controlFramesPerSecond,
    controlFramesPerSecond * controlBurstSeconds,
    controlFramesPerCall,
  );
  // Who gives up gives up all its calls.
  const resets = budgetOf(resetsPerSecond, Math.max(streamsPerConnection, resetsPerSecond));
  const spareBytes = budgetOf(spareBytesPerSecond, spareBytesPerSecond * bytesBurstSeconds, requestBytes);
  /** Streams that are open, and since when each has had an answer that does not go out. */
  const streams = new Map<ServerHttp2Stream, number>();
  let closing = false;

  const closeGently = (why: Misbehaviour): void => {
    if (closing || session.destroyed) return;
    closing = true;
    onMisbehaviour(why);
    session.close(); // sends GOAWAY, and ends with the last stream
    const cut = setTimeout(() => socket.destroy(), ageGraceMs);
    cut.unref();
    socket.once('close', () => clearTimeout(cut));
  };
  const closeNow = (why: Misbehaviour): void => {
    if (session.destroyed) return;
    if (!closing) onMisbehaviour(why);
    closing = true;
    session.destroy(constants.NGHTTP2_ENHANCE_YOUR_CALM as never); // the type wants an error first, where Node.js takes a code too
    socket.destroy();
  };

  const firstRequest = setTimeout(() => closeGently('no-request'), firstRequestMs);
  firstRequest.unref();
  let requests = 0;
  session.on('stream', (stream, headers) => {
    // Node.js holds to the limit that it announced only from the peer's word on that it has read it.
    if (sizeOf(headers) > headerBytes) {
      stream.close(constants.NGHTTP2_ENHANCE_YOUR_CALM);
      closeNow('headers-too-large');
      return;
    }
    if (requests++ === 0) {
      clearTimeout(firstRequest);
      onRequest();
    }
    controlFrames.earn(controlFramesPerCall);
    spareBytes.earn(requestBytes);
    streams.set(stream, Infinity);
    const whole = setTimeout(() => {
      stream.close(constants.NGHTTP2_CANCEL);
      closeGently('request-too-slow');
    }, requestMs);
    whole.unref();
    let isWhole = false;
    stream.once('end', () => {
      isWhole = true;
      clearTimeout(whole);
    });
    let isBroken = false;
    stream.once('aborted', () => {
      isBroken = true;
      if (!session.destroyed && !resets.spend(isWhole ? 1 : resetsForHalf)) closeNow('too-many-resets');
    });
    stream.once('close', () => {
      if (!isBroken && stream.rstCode === constants.NGHTTP2_NO_ERROR) resets.earn(resetsPerCall);
      clearTimeout(whole);
      streams.delete(stream);
    });
  });
  const spendControlFrame = (): void => {
    if (!controlFrames.spend(1)) closeNow('too-many-control-frames');
  };
  session.on('ping', spendControlFrame);
  session.on('remoteSettings', spendControlFrame);
  session.on('error', (error: NodeJS.ErrnoException) => {
    if (!error.code?.startsWith('ERR_HTTP2_') || closing) return; // a broken connection is no fault of its peer
    closing = true;
    onMisbehaviour('protocol-error');
  });
  session.once('close', () => clearTimeout(firstRequest));

  let bytesSeen = 0;
  return {
    beganMs: clock.monotonicMs(),
    inspect: () => {
      const { bytesRead } = socket;
      const enough = spareBytes.spend(bytesRead - bytesSeen);
      bytesSeen = bytesRead;
      if (!enough) {
        closeNow('too-many-bytes');
        return;
      }
      const nowMs = clock.monotonicMs();
      for (const [stream, sinceMs] of streams) {
        if (stream.writableLength === 0) streams.set(stream, Infinity);
        else if (sinceMs === Infinity) streams.set(stream, nowMs);
        else if (nowMs - sinceMs > answerMs) {
          stream.close(constants.NGHTTP2_CANCEL);
          closeGently('answer-not-taken');
        }
      }
    },
  };
}

/** Size of headers as SETTINGS_MAX_HEADER_LIST_SIZE counts it. */
function sizeOf(headers: IncomingHttpHeaders): number {
  let bytes = 0;
  for (const name in headers) {
    const value = headers[name];
    if (typeof value === 'string') bytes += name.length + value.length + bytesPerHeader;
    else for (const each of value ?? []) bytes += name.length + each.length + bytesPerHeader;
  }
  return bytes;
}
