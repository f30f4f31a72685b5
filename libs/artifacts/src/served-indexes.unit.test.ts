import { lastIndexOf, servablePointer, servedBefore } from './served-indexes';
import type { Pointer } from './model-store';

const served = (...ids: readonly [version: string, indexId: string][]): Pointer =>
  ids.reduce<Pointer | undefined>((before, [version, id]) => servablePointer(version, id, before), undefined)!;

describe('what has served before', () => {
  it('is kept in the pointer, newest first and each once', () => {
    const pointer = served(['1-1', '1-1.1'], ['1-2', '1-2.1'], ['1-2', '1-2.2'], ['1-1', '1-1.1']);
    expect(pointer).toMatchObject({ version: '1-1', indexId: '1-1.1' });
    expect(servedBefore(pointer)).toEqual(['1-1.1', '1-2.2', '1-2.1']);
    expect([lastIndexOf('1-2', pointer), lastIndexOf('1-9', pointer)]).toEqual(['1-2.2', undefined]);
  });

  it('is nothing in a pointer of another kind', () => {
    expect(servedBefore(undefined)).toEqual([]);
    expect(servedBefore({ version: '1-1', detail: { served: 'x' } })).toEqual([]);
  });

  it('goes back eight indexes', () => {
    const many = Array.from({ length: 20 }, (_, i) => ['1-1', `1-1.${i + 1}`] as [string, string]);
    expect(servedBefore(served(...many))).toHaveLength(8);
  });
});
