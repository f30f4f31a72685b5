import type { SnapshotPatch } from './snapshot-patch';

/** Element types that a snapshot may hold, named as in the safetensors format. */
export interface TensorTypes {
  U8: Uint8Array;
  I32: Int32Array;
  U32: Uint32Array;
  F32: Float32Array;
  F64: Float64Array;
}

/** One named array of a snapshot. `data.length` is the product of `shape`. */
export type StateTensor = {
  [D in keyof TensorTypes]: { readonly dtype: D; readonly shape: readonly number[]; readonly data: TensorTypes[D] };
}[keyof TensorTypes];

/** Plain JSON. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** What one part saves: arrays by name, and small JSON beside them. */
export interface Snapshot {
  readonly tensors: Readonly<Record<string, StateTensor>>;
  readonly metadata: Json;
}

/**
 * A part of the trainer whose state belongs into every checkpoint.
 * Law: a part that restores a snapshot behaves, bit for bit, as the one that took it.
 */
export interface Stateful {
  /** Unique in the registry; `[a-z0-9.-]`, because it becomes a file name. */
  readonly name: string;
  /** The arrays may alias live state: whoever takes a snapshot writes it before the part changes again. */
  snapshot(): Snapshot;
  /** @throws when the snapshot does not fit this part; the part is then unchanged or unusable. */
  restore(snapshot: Snapshot): void;
  /**
   * What changed since the last `saved()`, or since the part was made or restored: applied to the snapshot of then, it gives that of
   * now. A pure read, whose arrays may alias live state as those of a snapshot do. A part without it is saved whole each time.
   */
  patch?(): SnapshotPatch;
  /** Told once that what `snapshot` or `patch` gave last is durable, so the next patch starts from it. The part has not changed since. */
  saved?(): void;
}

/**
 * The array of a snapshot under a name, checked for its element type and, when given, its length.
 *
 * @throws RangeError naming part, tensor, expected and found.
 * @example const words = tensorOf('random', snapshot, 'state', 'U32', 4);
 */
export function tensorOf<D extends keyof TensorTypes>(
  part: string,
  snapshot: Snapshot,
  name: string,
  dtype: D,
  length?: number,
): TensorTypes[D] {
  const tensor = snapshot.tensors[name];
  const found = tensor && `${tensor.dtype}[${tensor.data.length}]`;
  if (tensor?.dtype !== dtype || (length !== undefined && tensor.data.length !== length)) {
    throw new RangeError(`${part}: tensor ${name}: expected ${dtype}[${length ?? ''}], found ${found ?? 'none'}`);
  }
  return tensor.data as TensorTypes[D];
}
