import type { Impression } from '@gatehouse/domain';

import { leaveOneOut } from './leave-one-out';

const event = (n: number, userId: string): Impression => ({
  eventId: `e${n}`,
  userId,
  itemId: `i${n}`,
  eventTimeMs: n,
  action: 'click',
});

describe('leaveOneOut', () => {
  it('holds out the last event of each user and keeps those of users with one', () => {
    const stream = [event(0, 'a'), event(1, 'b'), event(2, 'a'), event(3, 'c'), event(4, 'b'), event(5, 'b')];
    const { train, heldOut } = leaveOneOut(stream);
    expect(train.map(({ eventId }) => eventId)).toEqual(['e0', 'e1', 'e3', 'e4']);
    expect(heldOut.map(({ eventId }) => eventId).sort()).toEqual(['e2', 'e5']);
  });

  it('tells repeated meetings of one item apart', () => {
    const stream = [event(0, 'a'), { ...event(1, 'a'), itemId: 'i0' }];
    expect(leaveOneOut(stream)).toEqual({ train: [stream[0]], heldOut: [stream[1]] });
  });

  it('cuts nothing off an empty stream', () => {
    expect(leaveOneOut([])).toEqual({ train: [], heldOut: [] });
  });
});
