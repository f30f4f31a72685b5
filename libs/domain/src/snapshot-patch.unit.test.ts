import { createRandom, type Random } from './random';
import { applyPatch, checkPatch, isPatch, type RowsPatch, type SnapshotPatch } from './snapshot-patch';
import type { Snapshot, StateTensor } from './stateful';

const f32 = (shape: readonly number[], ...values: number[]): StateTensor => ({
  dtype: 'F32',
  shape,
  data: Float32Array.from(values),
});
const nothing: SnapshotPatch = { tensors: {}, rows: {}, metadata: null };
const base: Snapshot = {
  tensors: {
    rows: f32([3, 2], 1, 2, 3, 4, 5, 6),
    slots: f32([3], 0.1, 0.2, 0.3),
    bias: f32([], 7),
    old: f32([1], 8),
  },
  metadata: { step: 1 },
};
/** Row 1 is replaced and row 3 appended; the slots lose their last; the bias is replaced; `old` goes, `fresh` comes. */
const worked: SnapshotPatch = {
  tensors: { bias: f32([], 70), fresh: f32([2], 1, 2) },
  rows: {
    rows: { shape: [5, 2], index: Uint32Array.of(3, 1), data: f32([2, 2], 70, 80, 30, 40) },
    slots: { shape: [2], index: Uint32Array.of(), data: f32([0]) },
  },
  removed: ['old'],
  metadata: { step: 2 },
};
const expected: Snapshot = {
  tensors: {
    rows: f32([5, 2], 1, 2, 30, 40, 5, 6, 70, 80, 0, 0),
    slots: f32([2], 0.1, 0.2),
    bias: f32([], 70),
    fresh: f32([2], 1, 2),
  },
  metadata: { step: 2 },
};

const dtypes = { U8: Uint8Array, I32: Int32Array, U32: Uint32Array, F32: Float32Array, F64: Float64Array } as const;
const widths: Readonly<Record<string, readonly number[]>> = { a: [], b: [3], c: [2, 2], d: [1], e: [0] };

/** Tensors of random rows, each name with its own type and width; some names are absent. */
function randomSnapshot(random: Random): Snapshot {
  const names = Object.keys(widths);
  const tensors = names.flatMap((name, n) => {
    const dtype = (Object.keys(dtypes) as (keyof typeof dtypes)[])[n];
    const shape = [random.below(6), ...widths[name]];
    const length = shape.reduce((product, size) => product * size, 1);
    const data = (dtypes[dtype] as Float32ArrayConstructor).from({ length }, () => random.below(3)); // few values, so that many rows stay equal
    return random.next() < 0.8 ? [[name, { dtype, shape, data } as StateTensor] as const] : [];
  });
  return { tensors: Object.fromEntries(tensors), metadata: random.below(100) };
}

/** What changed from one snapshot to another, at random told by rows or whole. */
function difference(from: Snapshot, to: Snapshot, random: Random): SnapshotPatch {
  const tensors: Record<string, StateTensor> = {};
  const rows: Record<string, RowsPatch> = {};
  for (const [name, tensor] of Object.entries(to.tensors)) {
    const before = from.tensors[name];
    if (!before || random.next() < 0.2) tensors[name] = tensor;
    else rows[name] = changedRows(before, tensor);
  }
  const removed = Object.keys(from.tensors).filter((name) => !(name in to.tensors));
  return { tensors, rows, ...(removed.length > 0 && { removed }), metadata: to.metadata };
}

function changedRows(from: StateTensor, to: StateTensor): RowsPatch {
  const width = to.shape.slice(1).reduce((product, size) => product * size, 1);
  const rowOf = ({ data }: StateTensor, row: number): number[] => [...data.slice(row * width, (row + 1) * width)];
  const zeros = new Array<number>(width).fill(0);
  const changed = Array.from({ length: to.shape[0] }, (_, row) => row).filter((row) => {
    const before = row < from.shape[0] ? rowOf(from, row) : zeros;
    return String(before) !== String(rowOf(to, row));
  });
  const data = (dtypes[to.dtype] as Float32ArrayConstructor).from(changed.flatMap((row) => rowOf(to, row)));
  return {
    shape: to.shape,
    index: Uint32Array.from(changed),
    data: { dtype: to.dtype, shape: [changed.length, ...to.shape.slice(1)], data } as StateTensor,
  };
}

describe('applyPatch', () => {
  it('gives what was worked out by hand, and leaves the base as it was', () => {
    const before = structuredClone(base);
    expect(applyPatch(base, worked)).toEqual(expected);
    expect(base).toEqual(before);
  });

  it('copies nothing that stays', () => {
    expect(applyPatch(base, nothing).tensors['rows']).toBe(base.tensors['rows']);
  });

  it.each(Array.from({ length: 20 }, (_, seed) => seed))('makes the new snapshot of the old one (seed %p)', (seed) => {
    const random = createRandom('snapshots', seed);
    for (let edit = 0; edit < 20; edit++) {
      const [from, to] = [randomSnapshot(random), randomSnapshot(random)];
      const patch = difference(from, to, random);
      const before = structuredClone(from);
      expect(applyPatch(from, patch)).toEqual(to);
      expect(from).toEqual(before);
      expect(applyPatch(from, patch, { inPlace: true })).toEqual(to);
    }
  });

  it('writes into the arrays of the base where it may and they are long enough', () => {
    const { tensors } = structuredClone(base);
    const made: number[] = [];
    const allocate = (bytes: number): SharedArrayBuffer => {
      made.push(bytes);
      return new SharedArrayBuffer(bytes);
    };
    const patched = applyPatch({ tensors, metadata: null }, worked, { inPlace: true, allocate });
    expect(patched).toEqual(expected);
    expect(patched.tensors['slots'].data.buffer).toBe(tensors['slots'].data.buffer);
    expect(made).toEqual([40]); // the rows alone grew, to 5 x 2 x 4 bytes
    expect(patched.tensors['rows'].data.buffer).toBeInstanceOf(SharedArrayBuffer);
  });

  it('keeps the bits of a NaN', () => {
    const bits = Uint32Array.of(0x7fc00001);
    const rows = { dtype: 'F32', shape: [1], data: new Float32Array(bits.buffer) } as const;
    const patch = { ...nothing, rows: { slots: { shape: [3], index: Uint32Array.of(2), data: rows } } };
    const { data } = applyPatch(base, patch).tensors['slots'];
    expect(new Uint32Array(data.buffer, data.byteOffset)[2]).toBe(0x7fc00001);
  });

  const change = (rows: Partial<RowsPatch>): SnapshotPatch => ({
    ...nothing,
    rows: { rows: { shape: [3, 2], index: Uint32Array.of(0), data: f32([1, 2], 1, 2), ...rows } },
  });
  it.each<[string, SnapshotPatch, string]>([
    ['rows of a tensor that is not there', { ...nothing, rows: { none: worked.rows['rows'] } }, 'a tensor none in the'],
    ['the removal of one', { ...nothing, removed: ['none'] }, 'found rows, slots, bias, old'],
    ['a name that every object has', { ...nothing, removed: ['toString'] }, 'a tensor toString in the base'],
    ['one name twice', { ...nothing, tensors: { old: f32([]) }, removed: ['old'] }, 'tensor old once, found it twice'],
    ['rows of another width', change({ shape: [3, 3] }), 'expected [1, 3], found [1, 2]'],
    [
      'rows of another width than the base',
      change({ shape: [3, 1], data: f32([1, 1], 1) }),
      'expected rows of [2], found [3, 1] for a base of [3, 2]',
    ],
    ['no rows at all', change({ shape: [], index: Uint32Array.of(), data: f32([0]) }), 'found [] for a base of [3, 2]'],
    ['rows of a scalar', { ...nothing, rows: { bias: { ...worked.rows['slots'], shape: [1] } } }, 'for a base of []'],
    ['half a row', change({ shape: [1.5, 2] }), 'found [1.5, 2]'],
    ['fewer rows than it names', change({ index: Uint32Array.of(0, 1) }), 'expected [2, 2], found [1, 2]'],
    [
      'rows of another type',
      change({ data: { dtype: 'I32', shape: [1, 2], data: Int32Array.of(1, 2) } }),
      'expected F32, found I32',
    ],
    ['a row behind the end', change({ index: Uint32Array.of(3) }), 'expected rows below 3, found 3'],
    ['too few elements', change({ data: f32([1, 2], 1) }), 'expected [1, 2], found 1 elements'],
    ['a whole tensor of another length', { ...nothing, tensors: { rows: f32([3], 1) } }, 'expected [3], found 1 el'],
  ])('refuses %s, and has changed nothing', (_, patch, message) => {
    const { tensors } = structuredClone(base);
    const late = {
      ...patch,
      rows: { slots: { shape: [3], index: Uint32Array.of(0), data: f32([1], 9) }, ...patch.rows },
    };
    const apply = (): unknown => applyPatch({ tensors, metadata: null }, late, { inPlace: true });
    expect(apply).toThrow(RangeError);
    expect(apply).toThrow(message);
    expect(tensors).toEqual(base.tensors);
  });

  it('can be refused without the base', () => {
    expect(() => checkPatch(worked)).not.toThrow();
    expect(() => checkPatch(change({ index: Uint32Array.of(3) }))).toThrow('expected rows below 3, found 3');
  });

  it('is told from a snapshot by its rows', () => {
    expect([isPatch(worked), isPatch(base)]).toEqual([true, false]);
  });
});
