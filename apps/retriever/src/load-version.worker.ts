import { parentPort, workerData } from 'node:worker_threads';

import { createFilesystemModelStore } from '@gatehouse/artifacts/filesystem';
import { describeError } from '@gatehouse/runtime';

import type { LoadAnswer, LoadOrder } from './load-off-thread';
import { shareTensors } from './share-tensors';

async function load({ folder, version, parts }: LoadOrder): Promise<LoadAnswer> {
  try {
    const loaded = await createFilesystemModelStore(folder).load(version, parts);
    return { loaded: { manifest: loaded.manifest, parts: shareTensors(loaded.parts) } };
  } catch (error) {
    return { failure: describeError(error) };
  }
}

void load(workerData as LoadOrder).then((answer) => parentPort?.postMessage(answer));
