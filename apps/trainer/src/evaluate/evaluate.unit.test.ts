import type { Impression } from '@gatehouse/domain';
import type { Learner } from '../learner';

import { createWorld, useCpu, type World, worldImpressions } from '../world.fixture';
import { evaluate } from './evaluate';

const positives: readonly Impression[] = worldImpressions(120, 5).filter(({ action }) => action !== 'shown');

/** Keeps what the learner is given, and the histories of its users at that moment. */
function watched({ learner, userState }: World) {
  const batches: { readonly eventIds: string[]; readonly histories: unknown[] }[] = [];
  const spied: Learner = Object.create(learner, {
    learn: {
      value: (batch: Parameters<Learner['learn']>[0]) => {
        const histories = batch.impressions.map(({ userId }) => userState.get(userId)?.history ?? []);
        batches.push({ eventIds: batch.impressions.map(({ eventId }) => eventId), histories });
        return learner.learn(batch);
      },
    },
  }) as Learner;
  return { spied, batches };
}

describe('evaluate', () => {
  useCpu();

  const run = (epochs: number, impressions = positives) => {
    const world = createWorld(undefined, { sampleRate: 0, maxStalenessSteps: 1 });
    const { spied, batches } = watched(world);
    const onProgress = jest.fn();
    const report = evaluate(impressions, { ...world, learner: spied, epochs, onProgress });
    return { world, report, batches, onProgress };
  };

  it('shows later epochs the same histories as the first', () => {
    const { batches } = run(3);
    const perEpoch = batches.length / 3;
    expect(Number.isInteger(perEpoch)).toBe(true);
    const first = batches.slice(0, perEpoch);
    expect(first[0].histories.flat()).toEqual([]);
    expect(batches.slice(perEpoch, 2 * perEpoch)).toEqual(first);
    expect(batches.slice(2 * perEpoch)).toEqual(first);
  });

  it('never learns a held-out event, and learns every other one in each epoch', () => {
    const { batches, onProgress } = run(2);
    const last = new Map(positives.map(({ userId, eventId }) => [userId, eventId]));
    const users = positives.map(({ userId }) => userId);
    const heldOut = [...last].filter(([user]) => users.filter((each) => each === user).length > 1).map(([, id]) => id);
    const expected = positives.map(({ eventId }) => eventId).filter((id) => !heldOut.includes(id));
    expect(batches.flatMap(({ eventIds }) => eventIds)).toEqual([...expected, ...expected]);
    expect(onProgress).toHaveBeenLastCalledWith(2 * expected.length, 2 * expected.length);
  });

  it('ranks by popularity as counted by hand, without what the user has met', () => {
    // Eleven items are met by ten users each; u meets i0 to i9 and is then asked for i10: the others are all seen, so it is a hit.
    // v has met nothing but i0 and is asked for i20, which nobody has met: ten are ahead, so it is none.
    const click = (n: number, userId: string, item: number): Impression => ({
      eventId: `e${n}`,
      userId,
      itemId: `i${item}`,
      eventTimeMs: n,
      action: 'click',
    });
    const crowd = Array.from({ length: 11 }, (_, item) =>
      Array.from({ length: 10 }, (_each, n) => ({ item, n })),
    ).flat();
    const stream = crowd.map(({ item, n }) => click(0, `single-${item}-${n}`, item)); // one event each: all are learned
    for (let item = 0; item <= 10; item++) stream.push(click(item, 'u', item));
    stream.push(click(20, 'v', 0), click(21, 'v', 20));
    const { report } = run(1, stream);
    expect(report.users).toBe(2);
    expect(report.popularityHitRateAt10).toBe(0.5);
    const { hitRateAt10: h } = report;
    expect(report.standardError).toBeCloseTo(Math.sqrt((h * (1 - h)) / 2), 12);
  });
});
