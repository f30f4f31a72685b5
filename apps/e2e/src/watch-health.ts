import { Client, credentials } from '@grpc/grpc-js';
import { service } from 'grpc-health-check';

/** Watches the standard health service of a server, as a load balancer does, and resolves as soon as it says NOT_SERVING. */
export function watchHealth(port: number): { readonly isServing: Promise<void>; readonly isNotServing: Promise<void> } {
  const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure());
  const { path, requestSerialize, responseDeserialize } = service['Watch'];
  const watching = client.makeServerStreamRequest(path, requestSerialize, responseDeserialize, { service: '' });
  const becomes = (expected: string): Promise<void> =>
    new Promise((resolve, reject) => {
      watching.on('data', (response: object) => {
        if ('status' in response && response.status === expected) resolve();
      });
      watching.on('error', reject);
    });
  const [isServing, isNotServing] = [becomes('SERVING'), becomes('NOT_SERVING')];
  void isNotServing.finally(() => {
    watching.cancel();
    client.close();
  });
  return { isServing, isNotServing };
}
