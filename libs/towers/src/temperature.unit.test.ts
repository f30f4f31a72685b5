import type { ScoreSpec } from '@gatehouse/schema';

import { createTemperature } from './temperature';

const score: ScoreSpec = { similarity: 'cosine', temperature: 0.1, learnTemperature: true };

describe('temperature', () => {
  it('stays where it is when it is fixed', () => {
    const fixed = createTemperature({ ...score, learnTemperature: false }, 0.5);
    fixed.apply(1, 1);
    expect(fixed.value).toBe(0.1);
    expect(fixed.parts).toEqual([]);
  });

  it('rises when the loss rises with 1 / temperature, by one step of Adam in the logarithm', () => {
    const learned = createTemperature(score, 0.5);
    learned.apply(3, 1); // the first step of Adam has the length of its rate: log(1 / t) falls by .5
    expect(Math.log(learned.value / 0.1)).toBeCloseTo(0.5, 5);
    const slower = createTemperature(score, 0.5);
    slower.apply(-3, 0.1);
    expect(Math.log(slower.value / 0.1)).toBeCloseTo(-0.05, 5);
  });

  it.each([
    [1, 10],
    [-1, 0.01],
  ])('stays within its bounds (gradient %d)', (gradient, bound) => {
    const learned = createTemperature(score, 1);
    for (let i = 0; i < 20; i++) learned.apply(gradient, 1);
    expect(learned.value).toBeCloseTo(bound, 5);
  });

  it('goes on from a snapshot as if it had never stopped', () => {
    const [kept, resumed] = [createTemperature(score, 0.1), createTemperature(score, 0.1)];
    kept.apply(1, 1);
    kept.apply(-0.3, 1);
    resumed.parts.forEach((part, i) => part.restore(structuredClone(kept.parts[i].snapshot())));
    for (const each of [kept, resumed]) each.apply(0.7, 1);
    expect(resumed.value).toBe(kept.value);
    expect(resumed.value).not.toBe(0.1);
  });
});
