import { createRandom } from '@gatehouse/domain';

import { createPopularity, type Popularity } from './popularity';
import { rankOfTarget } from './rank-of-target';

describe('popularity', () => {
  it('counts and orders, equal counts by id', () => {
    const popularity = of(['b', 'c', 'a', 'b', 'z', 'é', 'c', 'b']);
    expect(popularity.count('b')).toBe(3);
    expect(popularity.count('never')).toBe(0);
    expect(popularity.top(10).map(({ itemId, count }) => `${itemId}${count}`)).toEqual(['b3', 'c2', 'a1', 'z1', 'é1']);
    expect(popularity.top(2)).toHaveLength(2);
    expect(popularity.top(0)).toEqual([]);
  });

  it.each([1, 2, 3])('does not depend on the order of events (seed %i)', (seed) => {
    const random = createRandom('events', seed);
    const events = Array.from({ length: 300 }, () => `item ${random.below(40)}`);
    expect(of(events.toReversed()).top(40)).toEqual(of(events).top(40));
  });

  it('ranks items of a catalogue as scores do', () => {
    const popularity = of(['a', 'b', 'b', 'c', 'c', 'c', 'gone']);
    const scores = popularity.scores(['a', 'b', 'c', 'new']);
    expect([...scores]).toEqual([1, 2, 3, 0]);
    expect(rankOfTarget(scores, 1, [2]).rank).toBe(1);
    expect(rankOfTarget(scores, 3).rank).toBe(4);
  });

  it('goes on from a snapshot as if it had never stopped, whatever the ids', () => {
    const popularity = of(['a', '"', '\n', '\uFEFFb', '\uD800', '日本', 'a']);
    const resumed = of(['state', 'of', 'before']);
    resumed.restore(structuredClone(popularity.snapshot()));
    for (const each of [popularity, resumed]) each.observe('日本');
    expect(resumed.top(99)).toEqual(popularity.top(99));
    expect(resumed.snapshot()).toEqual(popularity.snapshot());
  });

  it('refuses counts that do not fit the ids', () => {
    const { tensors } = of(['a', 'b']).snapshot();
    const counts = { dtype: 'F64' as const, shape: [1], data: Float64Array.of(1) };
    expect(() => of([]).restore({ tensors: { ...tensors, counts }, metadata: null })).toThrow(
      'popularity: tensor counts: expected F64[2], found F64[1]',
    );
  });
});

function of(events: readonly string[]): Popularity {
  const popularity = createPopularity('popularity');
  for (const itemId of events) popularity.observe(itemId);
  return popularity;
}
