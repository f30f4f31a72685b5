import { parentPort, workerData } from 'node:worker_threads';

import { createFilesystemModelStore } from '@gatehouse/artifacts/filesystem';
import { describeError } from '@gatehouse/runtime';

import type { LoadAnswer, LoadOrder } from './load-off-thread';

async function load({ folder, version, parts }: LoadOrder): Promise<LoadAnswer> {
  try {
    return { loaded: await createFilesystemModelStore({ folder, shared: true }).load(version, parts) };
  } catch (error) {
    return { failure: describeError(error) };
  }
}

void load(workerData as LoadOrder).then((answer) => parentPort?.postMessage(answer));
