import fc from 'fast-check';

import { sampleIds } from './sample-ids';

const ids = Array.from({ length: 2000 }, (_, i) => `item-${i}`);

describe('sampleIds', () => {
  it('depends on the set of ids alone, and a smaller sample begins a larger one', () => {
    fc.assert(
      fc.property(fc.shuffledSubarray(ids, { maxLength: 40 }), fc.nat(50), (given, limit) => {
        const sample = sampleIds(given, limit);
        expect(sample).toHaveLength(Math.min(limit, given.length));
        expect(sampleIds([...given].sort(), 50).slice(0, limit)).toEqual(sample);
      }),
      { seed: 1, numRuns: 100 },
    );
  });

  it('takes from everywhere', () => {
    // 400 of 2000: 100 of each quarter expected, standard deviation sqrt(400 * 1/4 * 3/4 * 0.8) = 7.7; within 4 of them.
    const sampled = new Set(sampleIds(ids, 400));
    const perQuarter = [0, 1, 2, 3].map(
      (q) => ids.slice(q * 500, (q + 1) * 500).filter((id) => sampled.has(id)).length,
    );
    expect(Math.min(...perQuarter)).toBeGreaterThan(69);
    expect(Math.max(...perQuarter)).toBeLessThan(131);
  });

  it('gives nothing for limits below one', () => {
    expect(sampleIds(ids, 0)).toEqual([]);
    expect(sampleIds(ids, -1)).toEqual([]);
    expect(sampleIds([], 5)).toEqual([]);
  });
});
