import { rankOfTarget, type TargetRank } from './rank-of-target';
import { createRecallMeter } from './recall-meter';

const first: TargetRank = { greater: 0, ties: 0, rank: 1 };
const third: TargetRank = { greater: 2, ties: 0, rank: 3 };
const secondOrThird: TargetRank = { greater: 1, ties: 1, rank: 2.5 };

describe('recall meter', () => {
  it('counts hits, half a hit for a tie at the cut, per window and in all', () => {
    const meter = createRecallMeter('recall', 2);
    for (const rank of [first, third, secondOrThird]) meter.observe(rank);
    const firstWindow = { events: 3, hits: 1.5, recall: 0.5 };
    expect(meter.window).toEqual(firstWindow);
    expect(meter.closeWindow()).toEqual(firstWindow);
    meter.observe(first);
    expect(meter.window).toEqual({ events: 1, hits: 1, recall: 1 });
    expect(meter.total).toEqual({ events: 4, hits: 2.5, recall: 2.5 / 4 });
  });

  it('has no recall before the first event', () => {
    expect(createRecallMeter('recall', 2).total).toEqual({ events: 0, hits: 0, recall: undefined });
  });

  it('gives a model without an opinion the recall of a random order', () => {
    const meter = createRecallMeter('recall', 10);
    for (let target = 0; target < 40; target++) meter.observe(rankOfTarget(new Float32Array(40), target));
    expect(meter.total.recall).toBeCloseTo(10 / 40, 12);
  });

  it('goes on from a snapshot as if it had never stopped', () => {
    const meter = createRecallMeter('recall', 2);
    meter.observe(first);
    meter.closeWindow();
    meter.observe(secondOrThird);
    const saved = structuredClone(meter.snapshot());
    const resumed = createRecallMeter('recall', 2);
    resumed.observe(third); // restoring replaces it
    resumed.restore(saved);
    for (const each of [meter, resumed]) each.observe(third);
    expect(resumed.window).toEqual({ events: 2, hits: 0.5, recall: 0.25 });
    expect([resumed.window, resumed.total]).toEqual([meter.window, meter.total]);
  });

  it('refuses the counts of another k', () => {
    const saved = createRecallMeter('recall', 5).snapshot();
    expect(() => createRecallMeter('recall', 10).restore(saved)).toThrow('recall: expected {"k":10}, found {"k":5}');
  });

  it.each([0, 2.5, NaN])('refuses k = %d', (k) => {
    expect(() => createRecallMeter('recall', k)).toThrow(/recall: k: expected a positive integer/);
  });
});
