import { createRandom, hashIds, type ItemId } from '@gatehouse/domain';

import { createExactEstimator } from './exact-estimator';
import type { FrequencyEstimator } from './frequency-estimator';
import { createNegativeMixer, type LiveCatalogue } from './negative-mixer';
import { createRecentPositives } from './recent-positives';

describe('negative mixer', () => {
  it('matches a worked batch of two with draws of every source', () => {
    // Known p: a .5, b .25, c .125, d and e .0625. The catalogue is b, c, d, e: u = 1/4 for them and 0 for a. The recent positives are
    // a, a, a, c: r = 3/4 for a, 1/4 for c. B - 1 = 1, M = 2, P = 4, and e stands twice in memory, so K = 2:
    // Q_a = (1 + 2) * .5 + 4 * 3/4 = 4.5, Q_b = 3 * .25 + 2/4 = 1.25, Q_c = 3 * .125 + 2/4 + 4/4 = 1.875,
    // Q_d = Q_e = 3 * .0625 + 2/4 = .6875.
    const estimator = knownEstimator({ a: 0.5, b: 0.25, c: 0.125, d: 0.0625, e: 0.0625 });
    const expected: Record<ItemId, number> = { a: 4.5, b: 1.25, c: 1.875, d: 0.6875, e: 0.6875 };
    const recent = createRecentPositives('recent', 4);
    recent.add(['a', 'a', 'a', 'c']);
    const random = createRandom('negatives', 3);
    const popularity = { draws: 4, from: recent };
    const memory = { itemIds: ['e', 'e'] };
    const mixer = createNegativeMixer({ estimator, random, inBatch: true, uniform: 2, popularity, memory });
    const { draws, logQ } = mixer.mix(['a', 'b'], catalogueOf('b', 'c', 'd', 'e'));

    const again = createRandom('negatives', 3);
    const uniform = [again.below(4), again.below(4)].map((position) => ['b', 'c', 'd', 'e'][position]);
    const popular = Array.from({ length: 4 }, () => recent.draw(again));
    expect(draws).toEqual([...uniform, ...popular]);
    const shared = ['a', 'b', ...draws, 'e', 'e'];
    expect([...logQ]).toEqual(shared.map((itemId) => Math.fround(Math.log(expected[itemId]))));
  });

  it.each([
    ['in-batch alone', true, 0, [Math.log(3 * 0.5), Math.log(3 * 1e-9), Math.log(3 * 1e-9), Math.log(3 * 1e-9)]],
    ['uniform alone', false, 5, [Math.log(5 / 2), Math.log(5 / 2), Math.log(5 / 2), 0]],
  ])('weighs %s, without a floor under p', (_, inBatch, uniform, expected) => {
    const estimator = knownEstimator({ a: 0.5, rare: 1e-9, gone: 1e-9 });
    const mixer = createNegativeMixer({ estimator, random: createRandom('negatives', 1), inBatch, uniform });
    const { draws, logQ } = mixer.mix(['a', 'rare', 'rare', 'gone'], catalogueOf('a', 'rare'));
    expect(draws).toHaveLength(uniform);
    expect([...logQ.subarray(0, 4)]).toEqual(expected.map(Math.fround));
  });

  it('draws nothing from an empty catalogue and from no positives, and corrects for nothing', () => {
    const estimator = knownEstimator({ a: 0.5, b: 0.25 });
    const popularity = { draws: 9, from: createRecentPositives('recent', 4) };
    const random = createRandom('negatives', 1);
    const mixer = createNegativeMixer({ estimator, random, inBatch: true, uniform: 9, popularity });
    const { draws, logQ } = mixer.mix(['a', 'b'], catalogueOf());
    expect(draws).toHaveLength(0);
    expect([...logQ]).toEqual([0.5, 0.25].map((q) => Math.fround(Math.log(q))));
  });

  it('gives a batch of one without other sources a finite correction', () => {
    const estimator = knownEstimator({ a: 0.5 });
    const mixer = createNegativeMixer({ estimator, random: createRandom('negatives', 1), inBatch: true, uniform: 0 });
    expect([...mixer.mix(['a'], catalogueOf('a')).logQ]).toEqual([0]);
  });

  it('draws anew for each update on a batch and leaves the estimator as it is', () => {
    const estimator = createExactEstimator('frequency');
    const ids = Array.from({ length: 100 }, (_, i) => `item ${i}`);
    estimator.observe(hashIds(ids));
    const before = structuredClone(estimator.snapshot());
    const random = createRandom('negatives', 1);
    const mixer = createNegativeMixer({ estimator, random, inBatch: true, uniform: 50 });
    const first = mixer.mix(ids, catalogueOf(...ids));
    const saved = structuredClone(random.snapshot());
    const second = mixer.mix(ids, catalogueOf(...ids));
    expect(second.draws).not.toEqual(first.draws);
    random.restore(saved);
    expect(mixer.mix(ids, catalogueOf(...ids))).toEqual(second);
    expect(estimator.snapshot()).toEqual(before);
  });

  it('refuses what cannot be mixed', () => {
    const options = { estimator: knownEstimator({}), random: createRandom('negatives', 1), inBatch: true };
    expect(() => createNegativeMixer({ ...options, uniform: 0.5 })).toThrow(
      'negative mixer: uniform: expected a count of draws, found 0.5',
    );
    const popularity = { draws: -1, from: createRecentPositives('recent', 4) };
    expect(() => createNegativeMixer({ ...options, uniform: 1, popularity })).toThrow(
      'negative mixer: popularity: expected a count of draws, found -1',
    );
    expect(() => createNegativeMixer({ ...options, uniform: 1 }).mix([], catalogueOf('a'))).toThrow(
      'negative mixer: batch: expected at least 1 row, found 0',
    );
  });
});

function catalogueOf(...itemIds: ItemId[]): LiveCatalogue {
  return { items: itemIds.map((itemId) => ({ itemId })), has: (itemId) => itemIds.includes(itemId) };
}

/** An estimator that knows the probabilities, and that nobody may feed. */
function knownEstimator(probabilities: Readonly<Record<string, number>>): FrequencyEstimator {
  const ids = Object.keys(probabilities);
  const keys = hashIds(ids);
  const known = new Map(ids.map((id, i) => [`${keys[2 * i]}.${keys[2 * i + 1]}`, probabilities[id]]));
  const refuse = (): never => {
    throw new Error('the mixer only reads');
  };
  return {
    name: 'known',
    observe: refuse,
    snapshot: refuse,
    restore: refuse,
    probability: (asked, out) => {
      for (let i = 0; i < out.length; i++) out[i] = known.get(`${asked[2 * i]}.${asked[2 * i + 1]}`)!;
    },
  };
}
