import { createRandom, type Impression } from '@gatehouse/domain';
import type { OutcomesSpec } from '@gatehouse/schema';

import { createOutcomes, type Outcome, type Outcomes } from './outcomes';

const spec: OutcomesSpec = { waitMs: 1000, maxPending: 100, late: 'count' };
const shown = (itemId: string, eventTimeMs: number, requestId = 'r'): Impression => ({
  ...{ eventId: `${itemId} shown`, userId: 'u', action: 'shown' },
  ...{ itemId, eventTimeMs, requestId },
});
const click = (itemId: string, eventTimeMs: number, requestId = 'r'): Impression => ({
  ...shown(itemId, eventTimeMs, requestId),
  action: 'click',
});
const other = (eventTimeMs: number): Impression => ({
  ...{ eventId: 'other', userId: 'u', itemId: 'other', action: 'click', eventTimeMs },
});
const take = (outcomes: Outcomes, event: Impression, partition = 0): Outcome =>
  outcomes.take(event, event.action === 'shown' ? 0 : 1, partition);
/** Fates in order, each with the items whose wait it ended. */
const told = (outcomes: Outcomes, ...events: Impression[]): string[] =>
  events.map((event) => {
    const { fate, joined, notActedOn } = take(outcomes, event);
    return [fate, ...(joined ? ['+1'] : []), ...notActedOn.map(({ itemId }) => itemId)].join(' ');
  });

describe('outcomes', () => {
  it.each<[string, Partial<OutcomesSpec>, Impression[], string[]]>([
    ['joins a click with what was shown', {}, [shown('a', 0), click('a', 500)], ['wait', 'learn +1']],
    ['joins them the other way round', {}, [click('a', 0), shown('a', 0)], ['learn', 'joined +1']],
    [
      'gives up what was not acted on when its wait has ended, oldest first',
      {},
      [shown('a', 0), shown('b', 10), click('b', 20), shown('c', 30), other(999), other(1000), other(1030)],
      ['wait', 'wait', 'learn +1', 'wait', 'learn', 'learn a', 'learn c'],
    ],
    [
      'leaves out a click that comes later',
      {},
      [shown('a', 0), other(1000), click('a', 900)],
      ['wait', 'learn a', 'late'],
    ],
    [
      'takes it as a correction if so configured',
      { late: 'learn' },
      [shown('a', 0), click('a', 1000)],
      ['wait', 'learn +1'],
    ],
    [
      'takes it as a correction when something else has ended the wait',
      { late: 'learn' },
      [shown('a', 0), other(1000), click('a', 1001), click('a', 1002)],
      ['wait', 'learn a', 'correct', 'learn'],
    ],
    [
      'forgets it after as long again',
      {},
      [shown('a', 0), other(1000), other(2000), click('a', 2001)],
      ['wait', 'learn a', 'learn', 'learn'],
    ],
    ['keeps requests apart', {}, [shown('a', 0, 'r1'), click('a', 1, 'r2')], ['wait', 'learn']],
    [
      'waits once for what is shown twice',
      {},
      [shown('a', 0), shown('a', 1), click('a', 2)],
      ['wait', 'repeated', 'learn +1'],
    ],
    ['has nothing to wait for without a request', {}, [{ ...shown('a', 0), requestId: undefined as never }], ['shown']],
    [
      'ends the longest wait early when too many wait',
      { maxPending: 2 },
      [shown('a', 0), shown('b', 1), shown('c', 2), click('a', 3)],
      ['wait', 'wait', 'wait a', 'late'],
    ],
  ])('%s', (_, changes, events, expected) => {
    expect(told(createOutcomes('outcomes', { ...spec, ...changes }), ...events)).toEqual(expected);
  });

  it('lets no partition wait for the clock of another, silent or ahead', () => {
    const outcomes = createOutcomes('outcomes', spec);
    take(outcomes, shown('a', 0, 'r0'), 0);
    take(outcomes, shown('b', 0, 'r1'), 1);
    expect(take(outcomes, other(5000), 1).notActedOn.map(({ itemId }) => itemId)).toEqual(['b']);
    expect(outcomes.pending).toBe(1);
    expect(take(outcomes, click('a', 900, 'r0'), 0)).toMatchObject({ fate: 'learn', joined: 1 });
  });

  it.each([1, 2, 3, 4])('accounts for every event once, and goes on from a snapshot (seed %i)', (seed) => {
    const random = createRandom('outcomes', seed);
    const events = Array.from({ length: 600 }, (_, n): [Impression, number] => {
      const itemId = `i${random.below(12)}`;
      const time = n * 40 - random.below(300);
      const event = (random.below(3) ? shown : click)(itemId, time, `r${Math.floor(n / 60)}`);
      return [{ ...event, eventId: `e${n}` }, random.below(3)];
    });
    const limits: OutcomesSpec = { ...spec, maxPending: 20 };
    const through = createOutcomes('outcomes', limits);
    let resumed = createOutcomes('outcomes', limits);
    const counts = { learn: 0, correct: 0, late: 0, wait: 0, joined: 0, repeated: 0, shown: 0 };
    let [joined, unweighted] = [0, 0];
    events.forEach(([event, partition], n) => {
      const outcome = take(through, event, partition);
      expect(take(resumed, event, partition)).toEqual(outcome);
      if (n % 7 === 0) {
        const saved = structuredClone(resumed.snapshot());
        resumed = createOutcomes('outcomes', limits);
        resumed.restore(saved);
      }
      counts[outcome.fate]++;
      joined += outcome.joined;
      unweighted += outcome.notActedOn.length + Number(outcome.fate === 'shown' || outcome.fate === 'repeated');
      const { learn, correct, late } = counts;
      expect(learn + correct + late + joined + unweighted + through.pending).toBe(n + 1);
      expect(through.pending).toBeLessThanOrEqual(20);
    });
    expect(Math.min(counts.late, counts.joined, joined, unweighted)).toBeGreaterThan(0);
  });
});
