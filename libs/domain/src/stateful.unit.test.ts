import { type Snapshot, tensorOf } from './stateful';

const snapshot: Snapshot = {
  tensors: { rows: { dtype: 'F32', shape: [2, 2], data: Float32Array.of(1, 2, 3, 4) } },
  metadata: null,
};

describe('tensorOf', () => {
  it('finds an array by name, type and length', () => {
    expect(tensorOf('table', snapshot, 'rows', 'F32', 4)).toBe(snapshot.tensors['rows'].data);
  });

  it('says what it expected and what it found', () => {
    expect(() => tensorOf('table', snapshot, 'rows', 'I32')).toThrow(
      'table: tensor rows: expected I32[], found F32[4]',
    );
    expect(() => tensorOf('table', snapshot, 'rows', 'F32', 6)).toThrow('expected F32[6], found F32[4]');
    expect(() => tensorOf('table', snapshot, 'ids', 'U8')).toThrow('table: tensor ids: expected U8[], found none');
  });
});
