import { createExactItemIndexStore } from '@gatehouse/item-index/exact';
import { canariesPart, readCanaries } from '@gatehouse/towers';

import { createModel, dimension, items, partsOf, useCpu } from '../version.fixture';
import { bytesOfPoint, cheapestOf, tuneVariants, type VariantCost } from './tune';

describe('tuning', () => {
  useCpu();

  it('measures each variant on the same vectors and leaves nothing behind', async () => {
    const model = createModel(1);
    const store = createExactItemIndexStore();
    const seen: number[] = [];
    const costs = await tuneVariants([{ quantization: 'none', coarsePrefix: 0, store }], {
      version: '1-1',
      model,
      canaries: readCanaries(partsOf(model, 20)[canariesPart]),
      items,
      goal: { k: 10, recall: 0.95 },
      connectivity: 16,
      clock: { monotonicMs: () => 0 },
      onVariant: (_, done) => seen.push(done),
    });
    // 36 available items of (8 * 4 + 2 * 16 * 4) = 160 bytes.
    const expected = { quantization: 'none', coarsePrefix: 0, effort: 32, recall: 1, ms: 0, meetsGoal: true };
    expect(costs).toEqual([{ ...expected, megabytes: (36 * 160) / 1e6 }]);
    expect(seen).toEqual([1]);
    expect(await store.list()).toEqual([]);
    expect(dimension).toBe(8);
  });

  it.each([
    [{ quantization: 'none', coarsePrefix: 0 }, 64 * 4 + 128],
    [{ quantization: 'none', coarsePrefix: 16 }, 64 * 4 + 16 * 4 + 128],
    [{ quantization: 'scalar', coarsePrefix: 0 }, 64 * 4 + 64 + 128],
    [{ quantization: 'binary', coarsePrefix: 16 }, 64 * 4 + 16 * 4 + 2 + 128],
  ] as const)('estimates the bytes of %j', (variant, bytes) => {
    expect(bytesOfPoint(64, variant, 16)).toBe(bytes);
  });

  it('recommends the fastest that meets the goal', () => {
    const cost = (ms: number, meetsGoal: boolean): VariantCost => ({
      quantization: 'none',
      coarsePrefix: 0,
      effort: 64,
      recall: 1,
      ms,
      megabytes: 1,
      meetsGoal,
    });
    expect(cheapestOf([cost(3, true), cost(1, false), cost(2, true)])?.ms).toBe(2);
    expect(cheapestOf([cost(1, false)])).toBeUndefined();
  });
});
