import type { Json, Snapshot, StateTensor } from './stateful';

/** Rows of one tensor that changed. Rows are along the first axis. */
export interface RowsPatch {
  /** What the tensor of the base takes first: cut, or grown with zeros, along the first axis alone. */
  readonly shape: readonly number[];
  /** Which rows are replaced, in any order. */
  readonly index: Uint32Array;
  /** Their new values, of the base's type: `[index.length, ...shape.slice(1)]`. */
  readonly data: StateTensor;
}

/** What changed in a part since it was last saved. Tensors that it does not name stay as they are. */
export interface SnapshotPatch {
  /** Tensors that are new or replaced whole. */
  readonly tensors: Readonly<Record<string, StateTensor>>;
  /** Tensors of the base of which some rows are replaced. */
  readonly rows: Readonly<Record<string, RowsPatch>>;
  /** Tensors of the base that are gone. */
  readonly removed?: readonly string[];
  /** Replaces that of the base. */
  readonly metadata: Json;
}

/** How {@link applyPatch} may treat memory. */
export interface PatchMemory {
  /** Writes rows into the arrays of the base, which nobody else may use then. @default false: the base stays as it was */
  readonly inPlace?: boolean;
  /** Makes room for a tensor that is grown or copied. @default ordinary memory */
  readonly allocate?: (bytes: number) => ArrayBufferLike;
}

/** Tells a patch from a whole snapshot. */
export function isPatch(saved: Snapshot | SnapshotPatch): saved is SnapshotPatch {
  return 'rows' in saved;
}

/**
 * The snapshot that a patch makes of its base: `applyPatch(old, patch) = new` when the patch tells what changed from old to new.
 * Tensors that are not copied are shared with base and patch.
 *
 * @throws RangeError naming the tensor, expected and found, before anything is written.
 * @example
 * const base = { tensors: { rows: { dtype: 'F32', shape: [2, 1], data: Float32Array.of(1, 2) } }, metadata: null };
 * const data = { dtype: 'F32', shape: [1, 1], data: Float32Array.of(9) } as const;
 * const patch = { tensors: {}, rows: { rows: { shape: [3, 1], index: Uint32Array.of(0), data } }, metadata: null };
 * applyPatch(base, patch).tensors['rows'].data; // 9, 2, 0
 */
export function applyPatch(base: Snapshot, patch: SnapshotPatch, memory: PatchMemory = {}): Snapshot {
  const tensors = new Map(Object.entries(base.tensors));
  const rows = Object.entries(patch.rows);
  checkPatch(patch);
  for (const name of [...Object.keys(patch.rows), ...(patch.removed ?? [])]) {
    if (!tensors.has(name))
      throw new RangeError(`patch: expected a tensor ${name} in the base, found ${listed(tensors.keys())}`);
  }
  for (const [name, change] of rows) checkFit(name, tensors.get(name) as StateTensor, change);

  for (const name of patch.removed ?? []) tensors.delete(name);
  for (const [name, tensor] of Object.entries(patch.tensors)) tensors.set(name, tensor);
  for (const [name, change] of rows) tensors.set(name, withRows(tensors.get(name) as StateTensor, change, memory));
  return { tensors: Object.fromEntries(tensors), metadata: patch.metadata };
}

/**
 * Checks what can be told of a patch without its base.
 *
 * @throws RangeError naming the tensor, expected and found.
 */
export function checkPatch({ tensors, rows, removed = [] }: SnapshotPatch): void {
  const named = [...Object.keys(tensors), ...Object.keys(rows), ...removed];
  const twice = named.find((name, at) => named.indexOf(name) !== at);
  if (twice !== undefined) throw new RangeError(`patch: expected tensor ${twice} once, found it twice`);
  for (const [name, tensor] of Object.entries(tensors)) checkLength(name, tensor);
  for (const [name, { shape, index, data }] of Object.entries(rows)) {
    checkLength(name, data);
    const expected = [index.length, ...shape.slice(1)].join(', ');
    if (data.shape.join(', ') !== expected)
      throw new RangeError(`patch: rows of tensor ${name}: expected [${expected}], found [${data.shape.join(', ')}]`);
    for (const at of index) {
      if (at >= shape[0]) throw new RangeError(`patch: tensor ${name}: expected rows below ${shape[0]}, found ${at}`);
    }
  }
}

function checkFit(name: string, base: StateTensor, { shape, data }: RowsPatch): void {
  checkLength(name, base);
  const [rows, ...row] = shape;
  if (rows === undefined || !isSize(rows) || base.shape.length === 0 || String(base.shape.slice(1)) !== String(row)) {
    throw new RangeError(
      `patch: tensor ${name}: expected rows of [${base.shape.slice(1).join(', ')}], ` +
        `found [${shape.join(', ')}] for a base of [${base.shape.join(', ')}]`,
    );
  }
  if (data.dtype !== base.dtype)
    throw new RangeError(`patch: rows of tensor ${name}: expected ${base.dtype}, found ${data.dtype}`);
}

function checkLength(name: string, { shape, data }: StateTensor): void {
  if (data.length !== elementsOf(shape)) {
    throw new RangeError(`patch: tensor ${name}: expected [${shape.join(', ')}], found ${data.length} elements`);
  }
}

function withRows(base: StateTensor, { shape, index, data }: RowsPatch, memory: PatchMemory): StateTensor {
  const resized = resize(base, shape, memory);
  // Bytes, so that one loop serves every element type and no NaN loses its payload.
  const [into, from] = [bytesOf(resized.data), bytesOf(data.data)];
  const rowBytes = elementsOf(shape.slice(1)) * data.data.BYTES_PER_ELEMENT;
  index.forEach((at, n) => into.set(from.subarray(n * rowBytes, (n + 1) * rowBytes), at * rowBytes));
  return resized;
}

/** The base in another number of rows: its own array where that is allowed and long enough, else a copy. */
function resize({ dtype, data }: StateTensor, shape: readonly number[], memory: PatchMemory): StateTensor {
  const { inPlace = false, allocate = (bytes: number): ArrayBufferLike => new ArrayBuffer(bytes) } = memory;
  const length = elementsOf(shape);
  const kept = data.subarray(0, length);
  if (inPlace && kept.length === length) return { dtype, shape, data: kept } as StateTensor;
  const View = data.constructor as new (buffer: ArrayBufferLike) => StateTensor['data'];
  const copy = new View(allocate(length * data.BYTES_PER_ELEMENT));
  bytesOf(copy).set(bytesOf(kept));
  return { dtype, shape, data: copy } as StateTensor;
}

function bytesOf(data: StateTensor['data']): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

function elementsOf(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

function isSize(size: number): boolean {
  return Number.isSafeInteger(size) && size >= 0;
}

function listed(names: Iterable<string>): string {
  return [...names].join(', ') || 'none';
}
