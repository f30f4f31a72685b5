import { idProblem } from '@gatehouse/domain';

import type { Decoded } from './parse-json';

/** What stands in a compacted topic, and how. */
export interface CompactedFormat<V> {
  readonly topic: string;
  /** Name of the field that is the key. */
  readonly keyField: string;
  readonly keyOf: (value: V) => string;
  /** The inverse of `decode`. @throws RangeError above 64 KiB. */
  readonly encode: (value: V) => Uint8Array;
  /** Turns bytes into a value, or says why not. Never throws. Unknown fields are ignored. */
  readonly decode: (bytes: Uint8Array) => Decoded<V>;
}

/** Bytes of a key. @throws RangeError when it is no id. */
export function keyBytes<V>({ keyField }: CompactedFormat<V>, key: string): Buffer {
  const problem = idProblem(key);
  if (problem !== undefined) throw new RangeError(`${keyField}: ${problem}`);
  return Buffer.from(key);
}
