import type { Impression } from '@gatehouse/domain';

import { createRecentShown, type RecentShown } from './recent-shown';

const options = { perPositive: 2, users: 2, teacher: 'context.score' };

let events = 0;
const impression = (userId: string, itemId: string, rest: Partial<Impression> = {}): Impression => ({
  eventId: `e${++events}`,
  userId,
  itemId,
  eventTimeMs: events,
  action: 'any',
  ...rest,
});
const against = (recent: RecentShown, positive: Impression): string[] =>
  recent.against(positive).map(({ itemId }) => itemId);

describe('recent shown', () => {
  it('gives the newest that was shown and not acted on, without the positive itself', () => {
    const recent = createRecentShown('shown', options);
    for (const itemId of ['a', 'b', 'c', 'd']) recent.observe(impression('ann', itemId), 0);
    expect(against(recent, impression('ann', 'c'))).toEqual(['d', 'b']);
    expect(against(recent, impression('bob', 'c'))).toEqual([]);
    recent.observe(impression('ann', 'd'), 1); // acted on: no negative any more
    expect(against(recent, impression('ann', 'c'))).toEqual(['b', 'a']);
  });

  it('keeps to the request that a positive names', () => {
    const recent = createRecentShown('shown', options);
    recent.observe(impression('ann', 'a', { requestId: 'r1' }), 0);
    recent.observe(impression('ann', 'b', { requestId: 'r2' }), 0);
    recent.observe(impression('ann', 'c'), 0);
    expect(against(recent, impression('ann', 'x', { requestId: 'r1' }))).toEqual(['a']);
    expect(against(recent, impression('ann', 'x', { requestId: 'r9' }))).toEqual([]);
    expect(against(recent, impression('ann', 'x'))).toEqual(['c', 'b']);
  });

  it('brings the score of a teacher along', () => {
    const recent = createRecentShown('shown', options);
    recent.observe(impression('ann', 'a', { context: { score: 0.5 } }), 0);
    recent.observe(impression('ann', 'b', { context: { score: 'high' } }), 0);
    expect(recent.against(impression('ann', 'x')).map(({ teacherScore }) => teacherScore)).toEqual([null, 0.5]);
  });

  it('is bounded in users and in items of each', () => {
    const recent = createRecentShown('shown', options);
    for (let i = 0; i < 100; i++) recent.observe(impression('ann', `i${i}`), 0);
    const bytes = recent.snapshot().tensors['users'].data.length;
    for (let i = 0; i < 100; i++) recent.observe(impression('ann', `j${i}`), 0);
    expect(recent.snapshot().tensors['users'].data.length).toBe(bytes);
    recent.observe(impression('bob', 'b'), 0);
    recent.observe(impression('cid', 'c'), 0); // ann is silent the longest
    expect(['ann', 'bob', 'cid'].map((user) => against(recent, impression(user, 'x')).length)).toEqual([0, 1, 1]);
  });

  it('goes on from a snapshot as if it had never stopped', () => {
    const [kept, resumed] = [createRecentShown('shown', options), createRecentShown('shown', options)];
    kept.observe(impression('ann', 'a'), 0);
    kept.observe(impression('bob', 'b'), 0);
    resumed.restore(structuredClone(kept.snapshot()));
    const next = impression('cid', 'c');
    for (const each of [kept, resumed]) each.observe(next, 0);
    expect(resumed.snapshot()).toEqual(kept.snapshot());
    expect(against(resumed, impression('bob', 'x'))).toEqual(['b']);
  });
});
