import type { StateTensor } from '@gatehouse/domain';

import { changesOf, mergeChanges, wholeTensors } from './tensor-changes';

/** Eight rows of two: 0, 1 and so on to 15. */
const tensor: StateTensor = { dtype: 'F32', shape: [8, 2], data: Float32Array.from({ length: 16 }, (_, i) => i) };

describe('changes of a tensor', () => {
  it('are none when no row changed', () => {
    expect(changesOf('values', tensor, 8, Uint32Array.of())).toEqual({ tensors: {}, rows: {} });
  });

  it('are copies of the rows that changed', () => {
    const { tensors, rows } = changesOf('values', tensor, 8, Uint32Array.of(1, 6));
    const data = { dtype: 'F32', shape: [2, 2], data: Float32Array.of(2, 3, 12, 13) };
    expect({ tensors, rows }).toEqual({
      tensors: {},
      rows: { values: { shape: [8, 2], index: Uint32Array.of(1, 6), data } },
    });
    expect(rows['values'].data.data.buffer).not.toBe(tensor.data.buffer);
  });

  it('are a new length when zeros were appended', () => {
    const data = { dtype: 'F32', shape: [0, 2], data: new Float32Array(0) };
    expect(changesOf('values', tensor, 3, Uint32Array.of()).rows).toEqual({
      values: { shape: [8, 2], index: Uint32Array.of(), data },
    });
  });

  it.each([
    ['was not there', undefined, [1]],
    // Eight rows of 8 bytes are 64 bytes; a named row has 12: five fit, six do not.
    ['changed so much that names cost more', 8, [0, 1, 2, 3, 4, 5]],
  ])('are all of it when it %s', (_what, base, index) => {
    expect(changesOf('values', tensor, base, Uint32Array.from(index))).toEqual({
      tensors: { values: tensor },
      rows: {},
    });
  });

  it('are rows as long as those are shorter', () => {
    expect(changesOf('values', tensor, 8, Uint32Array.of(0, 1, 2, 3, 4)).tensors).toEqual({});
  });

  it('are merged', () => {
    const some = changesOf('values', tensor, 8, Uint32Array.of(1));
    const { tensors, rows } = mergeChanges([wholeTensors({ a: tensor }), some, wholeTensors({ b: tensor })]);
    expect([Object.keys(tensors), Object.keys(rows)]).toEqual([['a', 'b'], ['values']]);
    expect(mergeChanges([])).toEqual({ tensors: {}, rows: {} });
  });
});
