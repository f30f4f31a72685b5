import type { SnapshotPatch, StateTensor } from '@gatehouse/domain';

/** What changed in some tensors of a part: its patch without the metadata. */
export type TensorChanges = Pick<SnapshotPatch, 'tensors' | 'rows'>;

/**
 * Tells what changed in one tensor: nothing, some rows, or all of it where naming the rows would take as many bytes.
 *
 * @param baseRows rows of the tensor when it was saved; undefined when it was not there. Rows past them that are not named are 0.
 * @param index rows that changed, copied out of the tensor.
 * @example changesOf('values', { dtype: 'F32', shape: [1000, 64], data }, 1000, Uint32Array.of(7)).rows.values.index; // 7
 */
export function changesOf(
  name: string,
  tensor: StateTensor,
  baseRows: number | undefined,
  index: Uint32Array,
): TensorChanges {
  const [rows, ...row] = tensor.shape;
  if (index.length === 0 && rows === baseRows) return { tensors: {}, rows: {} };
  const width = row.reduce((product, size) => product * size, 1);
  const bytesPerRow = width * tensor.data.BYTES_PER_ELEMENT + index.BYTES_PER_ELEMENT;
  if (baseRows === undefined || index.length * bytesPerRow >= tensor.data.byteLength)
    return wholeTensors({ [name]: tensor });
  const View = tensor.data.constructor as new (length: number) => StateTensor['data'];
  const data = new View(index.length * width);
  index.forEach((from, to) => data.set(tensor.data.subarray(from * width, (from + 1) * width), to * width));
  const picked = { dtype: tensor.dtype, shape: [index.length, ...row], data } as StateTensor;
  return { tensors: {}, rows: { [name]: { shape: tensor.shape, index, data: picked } } };
}

/** Tensors that are replaced whole. */
export function wholeTensors(tensors: Readonly<Record<string, StateTensor>>): TensorChanges {
  return { tensors, rows: {} };
}

/** The changes of tensors with different names as one. */
export function mergeChanges(changes: readonly TensorChanges[]): TensorChanges {
  return {
    tensors: Object.assign({}, ...changes.map(({ tensors }) => tensors)) as TensorChanges['tensors'],
    rows: Object.assign({}, ...changes.map(({ rows }) => rows)) as TensorChanges['rows'],
  };
}
