import { type AddressInfo, createServer } from 'node:net';

import type { Cleanup } from './create-cleanup';

/** Listens on a free port of the loopback address, so that nobody else can, until `cleanup`. Returns the port. */
export async function holdPort(cleanup: Cleanup): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  cleanup.add(() => new Promise<void>((resolve) => void server.close(() => resolve())));
  return (server.address() as AddressInfo).port;
}
