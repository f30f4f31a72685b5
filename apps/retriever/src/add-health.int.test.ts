import { makeGenericClientConstructor, credentials, Server, ServerCredentials, status } from '@grpc/grpc-js';
import { service as definition } from 'grpc-health-check';

import { addHealth } from './add-health';

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0).reverse()) close();
});

async function start() {
  const server = new Server();
  const health = addHealth(server, 'the.Service');
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    ),
  );
  closing.push(() => server.forceShutdown());
  const HealthClient = makeGenericClientConstructor(definition, 'health');
  const client = new HealthClient(`127.0.0.1:${port}`, credentials.createInsecure());
  closing.push(() => client.close());
  const check = (service: string): Promise<unknown> =>
    new Promise((resolve) => {
      const { path, requestSerialize, responseDeserialize } = definition['Check'];
      client.makeUnaryRequest(path, requestSerialize, responseDeserialize, { service }, (error, reply) =>
        resolve(error ?? (reply as { status: string }).status),
      );
    });
  const watch = (service: string) => {
    const { path, requestSerialize, responseDeserialize } = definition['Watch'];
    const stream = client.makeServerStreamRequest(path, requestSerialize, responseDeserialize, { service });
    stream.on('error', () => undefined); // it is cut in the end
    return new Promise((resolve) => stream.once('data', (reply: { status: string }) => resolve(reply.status)));
  };
  return { health, check, watch };
}

test('tells of the whole server and of the service', async () => {
  const { health, check, watch } = await start();
  expect([await check(''), await check('the.Service')]).toEqual(['NOT_SERVING', 'NOT_SERVING']);
  health.setServing(true);
  expect([await check(''), await watch('the.Service')]).toEqual(['SERVING', 'SERVING']);
});

test('keeps and repeats no name that it does not know, however long', async () => {
  const { check, watch } = await start();
  const name = 'n'.repeat(200_000);
  expect(await check(name)).toMatchObject({ code: status.NOT_FOUND, details: 'unknown service' });
  expect(await watch(name)).toBe('SERVICE_UNKNOWN');
  expect(await check('')).toBe('NOT_SERVING'); // on the same connection
});
