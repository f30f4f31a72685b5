import {
  connect,
  type ClientHttp2Session,
  constants,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
} from 'node:http2';

/** A call as bytes. */
export interface RawCall {
  readonly path: string;
  readonly headers?: OutgoingHttpHeaders;
  /** All that is sent: frames of messages, or what is none. */
  readonly body: Uint8Array;
  /** Gives up as soon as the body is sent. */
  readonly isReset?: boolean;
}

/** What came back. */
export interface RawAnswer {
  readonly httpStatus: number | undefined;
  /** The gRPC status; undefined when the stream ended without one. */
  readonly code: number | undefined;
  readonly message: string;
  readonly body: Buffer;
}

/** Calls over HTTP/2 as they are, with nothing that would check or repair them. */
export interface RawCalls {
  call(call: RawCall): Promise<RawAnswer>;
  close(): void;
}

/** Connects to a server on this machine. */
export function openRawCalls(port: number): RawCalls {
  let session: ClientHttp2Session | undefined;
  const connected = (): ClientHttp2Session => {
    if (session && !session.closed && !session.destroyed) return session;
    session = connect(`http://127.0.0.1:${port}`);
    session.on('error', () => undefined); // every open stream says so too
    return session;
  };
  return {
    call: ({ path, headers = {}, body, isReset = false }) =>
      new Promise((resolve) => {
        const stream = connected().request({
          ':method': 'POST',
          ':path': path,
          te: 'trailers',
          'content-type': 'application/grpc',
          ...headers,
        });
        const chunks: Buffer[] = [];
        let all: IncomingHttpHeaders = {};
        stream.on('response', (first) => (all = { ...all, ...first }));
        stream.on('trailers', (last: IncomingHttpHeaders) => (all = { ...all, ...last }));
        stream.on('data', (chunk: Buffer) => chunks.push(chunk));
        stream.on('error', () => undefined); // the answer then has no code
        stream.on('close', () => {
          const { ':status': httpStatus, 'grpc-status': code, 'grpc-message': message = '' } = all;
          resolve({
            httpStatus: httpStatus === undefined ? undefined : Number(httpStatus),
            code: code === undefined ? undefined : Number(code),
            message: decodeURI(String(message)),
            body: Buffer.concat(chunks),
          });
        });
        if (isReset) stream.write(body, () => stream.close(constants.NGHTTP2_CANCEL));
        else stream.end(body);
      }),
    close: () => session?.close(),
  };
}
