import { createRandom, hashIds, type Keys } from '@gatehouse/domain';

import type { FrequencyEstimator } from './frequency-estimator';
import { createExactEstimator } from './exact-estimator';
import { createNegativeMixer } from './negative-mixer';

describe('negative mixer', () => {
  it('matches a worked batch of two with two uniform draws', () => {
    // Known p: a .5, b .25. The catalogue is b, c, d, e, so u = 1/4 for b and 0 for a. B - 1 = 1 and M = 2:
    // Q_a = 1 * .5, Q_b = 1 * .25 + 2 / 4 = .75, and a drawn item j of the catalogue has Q_j = p_j + 2 / 4.
    const known = { a: 0.5, b: 0.25, c: 0.125, d: 0.0625, e: 0.0625 };
    const catalogue = ['b', 'c', 'd', 'e'] as const;
    const random = createRandom('negatives', 3);
    const mixer = createNegativeMixer({ estimator: knownEstimator(known), random, inBatch: true, uniform: 2 });
    const { draws, logQ } = mixer.mix({
      positiveKeys: hashIds(['a', 'b']),
      positiveInCatalogue: Uint8Array.of(0, 1),
      catalogueKeys: hashIds(catalogue),
    });
    const again = createRandom('negatives', 3);
    expect([...draws]).toEqual([again.below(4), again.below(4)]);
    const drawn = Array.from(draws, (position) => known[catalogue[position]] + 2 / 4);
    expect([...logQ]).toEqual([0.5, 0.75, ...drawn].map((q) => Math.fround(Math.log(q))));
  });

  it.each([
    ['in-batch alone', true, 0, [Math.log(3 * 0.5), Math.log(3 * 1e-9), Math.log(3 * 1e-9), Math.log(3 * 1e-9)]],
    ['uniform alone', false, 5, [Math.log(5 / 2), Math.log(5 / 2), Math.log(5 / 2), 0]],
  ])('weighs %s, without a floor under p', (_, inBatch, uniform, expected) => {
    const estimator = knownEstimator({ a: 0.5, rare: 1e-9 });
    const mixer = createNegativeMixer({ estimator, random: createRandom('negatives', 1), inBatch, uniform });
    const { draws, logQ } = mixer.mix({
      positiveKeys: hashIds(['a', 'rare', 'rare', 'rare']),
      positiveInCatalogue: Uint8Array.of(1, 1, 1, 0),
      catalogueKeys: hashIds(['a', 'rare']),
    });
    expect(draws).toHaveLength(uniform);
    expect([...logQ.subarray(0, 4)]).toEqual(expected.map(Math.fround));
  });

  it('draws nothing from an empty catalogue, and corrects for nothing', () => {
    const estimator = knownEstimator({ a: 0.5, b: 0.25 });
    const mixer = createNegativeMixer({ estimator, random: createRandom('negatives', 1), inBatch: true, uniform: 9 });
    const { draws, logQ } = mixer.mix({
      positiveKeys: hashIds(['a', 'b']),
      positiveInCatalogue: Uint8Array.of(0, 0),
      catalogueKeys: new Uint32Array(0),
    });
    expect(draws).toHaveLength(0);
    expect([...logQ]).toEqual([0.5, 0.25].map((q) => Math.fround(Math.log(q))));
  });

  it('gives a batch of one without other sources a finite correction', () => {
    const estimator = knownEstimator({ a: 0.5 });
    const mixer = createNegativeMixer({ estimator, random: createRandom('negatives', 1), inBatch: true, uniform: 0 });
    const alone = {
      positiveKeys: hashIds(['a']),
      positiveInCatalogue: Uint8Array.of(1),
      catalogueKeys: hashIds(['a']),
    };
    expect([...mixer.mix(alone).logQ]).toEqual([0]);
  });

  it('draws anew for each update on a batch and leaves the estimator as it is', () => {
    const estimator = createExactEstimator('frequency');
    const ids = Array.from({ length: 100 }, (_, i) => `item ${i}`);
    const keys = hashIds(ids);
    estimator.observe(keys);
    const before = structuredClone(estimator.snapshot());
    const random = createRandom('negatives', 1);
    const mixer = createNegativeMixer({ estimator, random, inBatch: true, uniform: 50 });
    const input = { positiveKeys: keys, positiveInCatalogue: new Uint8Array(100).fill(1), catalogueKeys: keys };
    const first = mixer.mix(input);
    const saved = structuredClone(random.snapshot());
    const second = mixer.mix(input);
    expect(second.draws).not.toEqual(first.draws);
    random.restore(saved);
    expect(mixer.mix(input)).toEqual(second);
    expect(estimator.snapshot()).toEqual(before);
  });

  it('refuses inputs that do not fit', () => {
    const options = { estimator: knownEstimator({}), random: createRandom('negatives', 1), inBatch: true };
    expect(() => createNegativeMixer({ ...options, uniform: 0.5 })).toThrow('expected a count of draws, found 0.5');
    const mixer = createNegativeMixer({ ...options, uniform: 1 });
    const [none, one] = [new Uint8Array(0), new Uint8Array(1)];
    const [noKeys, key, half] = [new Uint32Array(0), new Uint32Array(2), new Uint32Array(1)];
    const mix = (positiveKeys: Keys, positiveInCatalogue: Uint8Array, catalogueKeys: Keys) => () =>
      mixer.mix({ positiveKeys, positiveInCatalogue, catalogueKeys });
    expect(mix(noKeys, none, key)).toThrow('batch: expected at least 1 row, found 0');
    expect(mix(noKeys, one, key)).toThrow('positive keys: expected 2 words, found 0');
    expect(mix(key, one, half)).toThrow('catalogue keys: expected pairs of words, found 1 words');
  });
});

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
