import { lastIndexOf, searchCurveOf, searchEffortOf, servablePointer, servedBefore } from './served-indexes';
import type { Pointer } from './model-store';

const served = (...ids: readonly [version: string, indexId: string][]): Pointer =>
  ids.reduce<Pointer | undefined>(
    (before, [version, id]) => servablePointer(version, { indexId: id, effort: 64 }, before),
    undefined,
  )!;

describe('what has served before', () => {
  it('is kept in the pointer, newest first and each once', () => {
    const pointer = served(['1-1', '1-1.1'], ['1-2', '1-2.1'], ['1-2', '1-2.2'], ['1-1', '1-1.1']);
    expect(pointer).toMatchObject({ version: '1-1', indexId: '1-1.1' });
    expect(servedBefore(pointer).map(({ indexId }) => indexId)).toEqual(['1-1.1', '1-2.2', '1-2.1']);
    expect(lastIndexOf('1-2', pointer)).toEqual({ indexId: '1-2.2', effort: 64 });
    expect(lastIndexOf('1-9', pointer)).toBeUndefined();
  });

  it('is nothing in a pointer of another kind', () => {
    expect(servedBefore(undefined)).toEqual([]);
    expect(servedBefore({ version: '1-1', detail: { served: 'x' } })).toEqual([]);
    expect(servedBefore({ version: '1-1', indexId: '1-1.1' })).toEqual([{ indexId: '1-1.1', effort: 0 }]);
  });

  it('names the width of search of the index that serves, and what was measured of it', () => {
    const curve = [{ effort: 128, recall: 0.97, ms: 0.4 }];
    const pointer = servablePointer('1-2', { indexId: '1-2.1', effort: 128 }, served(['1-1', '1-1.1']), curve);
    expect([searchEffortOf(pointer), searchCurveOf(pointer)]).toEqual([128, curve]);
    expect([searchEffortOf({ version: '1-1', indexId: '1-1.1' }), searchCurveOf(undefined)]).toEqual([0, []]);
  });

  it('goes back eight indexes', () => {
    const many = Array.from({ length: 20 }, (_, i) => ['1-1', `1-1.${i + 1}`] as [string, string]);
    expect(servedBefore(served(...many))).toHaveLength(8);
  });
});
