import { createRandom } from '@gatehouse/domain';

import { createRecentPositives } from './recent-positives';

describe('recent positives', () => {
  it('know the share of each item, and forget the oldest', () => {
    const recent = createRecentPositives('recent', 4);
    expect(recent.probability('a')).toBe(0);
    recent.add(['a', 'b', 'a']);
    expect(recent.size).toBe(3);
    expect(recent.probability('a')).toBe(2 / 3);
    recent.add(['c', 'c']); // pushes the first a out
    expect(recent.size).toBe(4);
    expect(['a', 'b', 'c'].map(recent.probability)).toEqual([1 / 4, 1 / 4, 2 / 4]);
    recent.add(['d', 'd']); // pushes b and the second a out
    expect(['a', 'b', 'c', 'd'].map(recent.probability)).toEqual([0, 0, 1 / 2, 1 / 2]);
  });

  it.each([1, 2, 3])('draws each item as often as it says (seed %i)', (seed) => {
    const random = createRandom('draws', seed);
    const recent = createRecentPositives('recent', 100);
    recent.add(Array.from({ length: 250 }, () => `i${Math.floor(8 * random.next() ** 2)}`));
    const [draws, counts] = [20_000, new Map<string, number>()];
    for (let n = 0; n < draws; n++) {
      const itemId = recent.draw(random);
      counts.set(itemId, (counts.get(itemId) ?? 0) + 1);
    }
    let total = 0;
    for (const [itemId, n] of counts) {
      const r = recent.probability(itemId);
      total += r;
      expect(Math.abs(n - draws * r) / Math.sqrt(draws * r * (1 - r))).toBeLessThan(4); // standard errors of a binomial
    }
    expect(total).toBeCloseTo(1, 12);
  });

  it('go on from a snapshot as if they had never stopped', () => {
    const random = createRandom('stream', 1);
    const stream = Array.from({ length: 40 }, () => `i${random.below(6)}`);
    const [kept, resumed] = [createRecentPositives('recent', 16), createRecentPositives('recent', 16)];
    kept.add(stream.slice(0, 25));
    resumed.add(['before']); // restoring replaces it
    resumed.restore(structuredClone(kept.snapshot()));
    kept.add(stream.slice(25));
    resumed.add(stream.slice(25));
    expect(resumed.snapshot()).toEqual(kept.snapshot());
    expect(resumed.probability('i0')).toBe(kept.probability('i0'));
    expect(resumed.draw(createRandom('draw', 2))).toBe(kept.draw(createRandom('draw', 2)));
  });

  it('refuse what does not fit', () => {
    expect(() => createRecentPositives('recent', 0)).toThrow('recent: capacity: expected a positive integer, found 0');
    const full = createRecentPositives('recent', 3);
    full.add(['a', 'b', 'c']);
    expect(() => createRecentPositives('recent', 2).restore(full.snapshot())).toThrow(
      'recent: expected at most 2 positives, found 3',
    );
  });
});
