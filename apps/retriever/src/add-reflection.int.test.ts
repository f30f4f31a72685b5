import { Client, credentials, Server, ServerCredentials, type ServiceError, status } from '@grpc/grpc-js';

import { addReflection } from './add-reflection';

const closing: (() => void)[] = [];
afterEach(() => {
  for (let close = closing.pop(); close; close = closing.pop()) close();
});

/** Asks a server's reflection service; the request has one field of text. */
async function ask(version: string, field: number, text: string, server = new Server()): Promise<string> {
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    );
  });
  const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure());
  closing.push(
    () => server.forceShutdown(),
    () => client.close(),
  );
  const bytes = (value: Buffer): Buffer => value;
  const path = `/grpc.reflection.${version}.ServerReflection/ServerReflectionInfo`;
  return new Promise((resolve, reject) => {
    const stream = client.makeBidiStreamRequest(path, bytes, bytes, { deadline: Date.now() + 5000 });
    stream.on('error', (error: ServiceError) => reject(error));
    stream.on('data', (reply: Buffer) => {
      stream.end();
      resolve(reply.toString('latin1'));
    });
    stream.write(Buffer.concat([Buffer.from([(field << 3) | 2, text.length]), Buffer.from(text)]));
  });
}

const reflecting = (): Server => {
  const server = new Server();
  addReflection(server);
  return server;
};

const [fileContainingSymbol, listServices] = [4, 7];

test.each(['v1', 'v1alpha'])('%s tells the services and their messages', async (version) => {
  const services = await ask(version, listServices, '*', reflecting());
  for (const name of ['gatehouse.v1.CandidateService', 'grpc.health.v1.Health']) expect(services).toContain(name);
  const file = await ask(version, fileContainingSymbol, 'gatehouse.v1.CandidateService', reflecting());
  for (const name of ['RetrieveRequest', 'exclude_seen', 'SimilarItems']) expect(file).toContain(name);
  expect(await ask(version, fileContainingSymbol, 'grpc.health.v1.Health', reflecting())).toContain(
    'HealthCheckRequest',
  );
});

test('a server without it says nothing', async () => {
  await expect(ask('v1', listServices, '*')).rejects.toMatchObject({ code: status.UNIMPLEMENTED });
});
