import type { Snapshot, StateTensor } from '@gatehouse/domain';

/** Copies the tensors of parts into shared memory, so that another thread gets them without a copy. */
export function shareTensors(parts: Readonly<Record<string, Snapshot>>): Readonly<Record<string, Snapshot>> {
  return mapValues(parts, ({ tensors, metadata }) => ({ tensors: mapValues(tensors, share), metadata }));
}

function share(tensor: StateTensor): StateTensor {
  const { data } = tensor;
  const constructor = data.constructor as new (memory: SharedArrayBuffer) => typeof data;
  const shared = new constructor(new SharedArrayBuffer(data.byteLength));
  shared.set(data);
  return { ...tensor, data: shared } as StateTensor;
}

function mapValues<A, B>(record: Readonly<Record<string, A>>, map: (value: A) => B): Record<string, B> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value)]));
}
