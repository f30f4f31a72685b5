import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Duplex } from 'node:stream';

import { Client, credentials, Metadata, Server, type ServiceError, status } from '@grpc/grpc-js';
import { BatchRetrieveResponse, RetrieveResponse, SimilarItemsResponse } from '@gatehouse/proto';
import { delay, systemClock } from '@gatehouse/runtime';

import { createCalls } from '../calls';
import { retrieverConfig } from '../config';
import { createOverloadControl } from '../overload/control-overload';
import { createRecordingLogger, noTelemetry, noTracing } from '../retriever.fixture';
import { type Methods, startServer } from '../server';
import { createPeers } from '../transport/peers';
import { accessSettings } from './access-settings';
import { audience, createIssuer, issuer } from './jwt.fixture';
import { openAccess } from './open-access';

/** A method as it is registered at a server: each kind of stream, and how often its handler was reached. */
export interface Registered {
  readonly path: string;
  readonly type: string;
  reached: number;
}

export const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

const methods: Methods = {
  retrieve: async () => RetrieveResponse.fromPartial({ modelVersion: '1-1' }),
  batchRetrieve: async () => BatchRetrieveResponse.fromPartial({}),
  similarItems: async () => SimilarItemsResponse.fromPartial({}),
};

/**
 * Starts the retriever's server behind access control. Principals: `token:known` by the token `t-known`, and `jwt:ranker`.
 *
 * @param settings of access, over those of the two.
 */
export async function startGuarded(settings: object = {}, overrides: Partial<Methods> = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'access-'));
  const tokenFile = join(folder, 'tokens');
  const jwksFile = join(folder, 'jwks.json');
  const jwtIssuer = await createIssuer('k1', Date.now());
  await writeFile(tokenFile, `known sha256:${sha256('t-known')} serving\n`);
  await writeFile(jwksFile, jwtIssuer.jwks);
  const access = accessSettings.parse({
    tokens: { file: tokenFile },
    jwt: { jwksFile, issuer, audience, rolesClaim: 'roles' },
    ...settings,
  });
  const stopping = new AbortController();
  const logger = createRecordingLogger();
  const { interceptors, follow } = await openAccess(access, { clock: systemClock, logger });
  const registered = recordRegistrations();
  const config = retrieverConfig.parse({ calls: { defaultDeadlineMs: 5000 } });
  const { admission } = createOverloadControl(config, systemClock);
  const calls = createCalls(config.calls, { admission, telemetry: noTelemetry, tracing: noTracing, clock: systemClock, logger });
  const settings_ = { ...config, port: 0, access, reflection: true };
  const parts = { peers: createPeers(), interceptors, clock: systemClock, delay, logger };
  const server = await startServer({ ...methods, ...overrides }, calls, settings_, parts);
  registered.stop();
  const following = follow((_, signal) => delay(5, signal), stopping.signal); // looks at the files more often
  const client = new Client(`127.0.0.1:${server.port}`, credentials.createInsecure());
  const close = async (): Promise<void> => {
    stopping.abort();
    client.close();
    server.cut();
    await following;
    await rm(folder, { recursive: true });
  };
  return { client, logger, tokenFile, jwksFile, jwtIssuer, calls, registered: registered.methods, close };
}

/** Notes every method that is registered at any server, and counts how often each handler is reached. */
function recordRegistrations() {
  const methods: Registered[] = [];
  const { register } = Server.prototype;
  const spy = jest.spyOn(Server.prototype, 'register').mockImplementation(function (this: Server, ...args) {
    const [path, handler, serialize, deserialize, type] = args;
    const method: Registered = { path, type, reached: 0 };
    methods.push(method);
    const counting = (...call: unknown[]): unknown => {
      method.reached++;
      return (handler as unknown as (...call: unknown[]) => unknown)(...call);
    };
    return register.call(this, path, counting, serialize, deserialize, type);
  });
  return { methods, stop: () => spy.mockRestore() };
}

const bytes = (value: Buffer): Buffer => value;

/** How a call ended. */
export interface Ending {
  readonly code: status;
  readonly details: string;
  readonly metadata: Metadata;
}

/** Calls a method of any kind with bytes, and says how the call ended; a stream of answers is cancelled after its first. */
export function call(
  client: Client,
  { path, type = 'unary' }: { readonly path: string; readonly type?: string },
  authorization?: string,
  request: Uint8Array = Buffer.alloc(0),
): Promise<Ending> {
  const metadata = new Metadata();
  if (authorization !== undefined) metadata.set('authorization', authorization);
  const options = { deadline: Date.now() + 5000 };
  const ok: Ending = { code: status.OK, details: '', metadata: new Metadata() };
  const message = Buffer.from(request);
  return new Promise((resolve) => {
    const answered = (error: ServiceError | null): void => resolve(error ?? ok);
    if (type === 'unary') {
      client.makeUnaryRequest(path, bytes, bytes, message, metadata, options, answered);
    } else if (type === 'clientStream') {
      client.makeClientStreamRequest(path, bytes, bytes, metadata, options, answered).end(message);
    } else {
      const stream =
        type === 'bidi'
          ? client.makeBidiStreamRequest(path, bytes, bytes, metadata, options)
          : client.makeServerStreamRequest(path, bytes, bytes, message, metadata, options);
      if (stream instanceof Duplex) stream.end(message);
      stream.on('error', answered).on('end', () => resolve(ok));
      stream.on('data', () => {
        resolve(ok);
        stream.cancel();
      });
    }
  });
}
