import { hashIds, type HistoryEntry, type Impression } from '@gatehouse/domain';
import fc from 'fast-check';
import { createUserState } from './memory/memory-user-state';
import type { FollowerUserState, UserStateOptions } from './ports';
import { impression } from './samples.contract';

/** A fresh, empty user state. */
export interface UserStateUnderTest {
  readonly users: FollowerUserState;
  close(): Promise<void>;
}

/** Rules used by the tests: `shown` enters nothing, `hide` only marks as seen. */
export const testOptions: UserStateOptions = {
  historyLimit: 3,
  seenLimit: 5,
  entersHistory: (action) => action === 'click',
  marksSeen: (action) => action === 'click' || action === 'hide',
};

/** Random streams of few users and items. */
export const streams = fc.array(
  fc.record({
    user: fc.nat(4),
    item: fc.nat(9),
    time: fc.nat(20), // so that the same item comes twice at the same time, as a duplicate does
    action: fc.constantFrom('click', 'hide', 'shown'),
  }),
  { maxLength: 60 },
);

/** Impressions of a random stream. */
export function impressionsOf(stream: readonly { user: number; item: number; time: number; action: string }[]) {
  return stream.map(({ user, item, time, action }, i) =>
    impression({ eventId: `e${i}`, userId: `u${user}`, itemId: `i${item}`, eventTimeMs: time, action }),
  );
}

/** All that can be asked about users `u0` to `u4`. */
export function answers(users: FollowerUserState): unknown {
  return [0, 1, 2, 3, 4].map((user) => {
    const record = users.get(`u${user}`);
    return (
      record && {
        history: record.history,
        lastEventTimeMs: record.lastEventTimeMs,
        seenKeys: [...record.seenKeys],
        seen: Array.from({ length: 10 }, (_, i) => record.hasSeen(`i${i}`)),
      }
    );
  });
}

/** The same answers, from the definition: filter the whole stream. */
function oracle(
  events: readonly Impression[],
  { historyLimit, seenLimit, entersHistory, marksSeen }: UserStateOptions,
) {
  return [0, 1, 2, 3, 4].map((user) => {
    const own = events.filter(({ userId }) => userId === `u${user}`);
    if (own.length === 0) return undefined;
    const seen: string[] = [];
    for (const { itemId, action } of own) {
      if (!marksSeen(action) || seen.includes(itemId)) continue;
      seen.push(itemId);
      if (seen.length > seenLimit) seen.shift();
    }
    return {
      history: own
        .filter(({ action }) => entersHistory(action))
        .reduce<HistoryEntry[]>((history, { itemId, eventTimeMs }) => {
          const isThere = history.some((entry) => entry.itemId === itemId && entry.eventTimeMs === eventTimeMs);
          return isThere ? history : [...history, { itemId, eventTimeMs }].slice(-historyLimit);
        }, []),
      lastEventTimeMs: Math.max(...own.map(({ eventTimeMs }) => eventTimeMs)),
      seenKeys: [...hashIds(seen)],
      seen: Array.from({ length: 10 }, (_, i) => seen.includes(`i${i}`)),
    };
  });
}

/** Laws of every user state: it is a function of the events applied, and of nothing later. */
export function userStateContract(name: string, open: () => Promise<UserStateUnderTest>): void {
  describe(`${name}: user state`, () => {
    let users: FollowerUserState;
    let close: () => Promise<void>;
    beforeEach(async () => {
      ({ users, close } = await open());
    });
    afterEach(() => close());

    it('knows nobody at first', () => {
      expect(users.get('u0')).toBeUndefined();
      expect(users.offsets).toEqual({});
      expect(users.userCount).toBe(0);
    });

    it('answers from exactly the events applied, for any stream cut anywhere', async () => {
      await fc.assert(
        fc.asyncProperty(streams, fc.nat(60), async (stream, cut) => {
          const opened = await open();
          try {
            const events = impressionsOf(stream);
            await opened.users.apply(events.slice(0, cut), { impressions: { 0: cut } });
            expect(answers(opened.users)).toEqual(oracle(events.slice(0, cut), testOptions));
            await opened.users.apply(events.slice(cut), { impressions: { 0: events.length } });
            expect(answers(opened.users)).toEqual(oracle(events, testOptions));
            expect(opened.users.userCount).toBe(new Set(events.map(({ userId }) => userId)).size);
            expect(opened.users.offsets).toEqual({ impressions: { 0: events.length } });
          } finally {
            await opened.close();
          }
        }),
        { numRuns: 40 },
      );
    });

    it('never lets an event into the record taken before it', async () => {
      const early = [1, 2, 3].map((i) => impression({ userId: 'u0', itemId: `i${i}`, eventTimeMs: i }));
      await users.apply(early, {});
      const before = users.get('u0')!;
      const copy = structuredClone({ history: before.history, seenKeys: [...before.seenKeys] });
      const later = [4, 5, 6, 7, 8, 9].map((i) => impression({ userId: 'u0', itemId: `i${i}`, eventTimeMs: i }));
      await users.apply(later, {});
      expect({ history: before.history, seenKeys: [...before.seenKeys] }).toEqual(copy);
      expect(before.hasSeen('i9')).toBe(false);
      expect(before.lastEventTimeMs).toBe(3);
      expect(users.get('u0')!.hasSeen('i9')).toBe(true);
    });

    it('forgets the oldest seen item above the limit, and not those seen again', async () => {
      // Limit 5: a b c d e, then a again (known: stays first), then f drops a.
      const items = ['a', 'b', 'c', 'd', 'e', 'a', 'f'];
      await users.apply(
        items.map((itemId) => impression({ userId: 'u0', itemId })),
        {},
      );
      expect([...users.get('u0')!.seenKeys]).toEqual([...hashIds(['b', 'c', 'd', 'e', 'f'])]);
    });

    it('takes over a snapshot whole, and goes on as if it had applied the events itself', async () => {
      await fc.assert(
        fc.asyncProperty(streams, streams, async (first, second) => {
          const opened = await open();
          try {
            await opened.users.apply([impression({ userId: 'gone' })], { impressions: { 0: 1 } });
            const trainer = createUserState(testOptions);
            trainer.apply(impressionsOf(first), { impressions: { 0: 70 } });
            await opened.users.load(trainer.snapshot(), { impressions: { 0: 70 } });
            expect(opened.users.get('gone')).toBeUndefined();
            expect(opened.users.userCount).toBe(trainer.userCount);
            expect(opened.users.offsets).toEqual({ impressions: { 0: 70 } });
            await opened.users.apply(impressionsOf(second), {});
            trainer.apply(impressionsOf(second), {});
            expect(answers(opened.users)).toEqual(oracle(impressionsOf([...first, ...second]), testOptions));
            expect(opened.users.userCount).toBe(trainer.userCount);
          } finally {
            await opened.close();
          }
        }),
        { numRuns: 25 },
      );
    });

    it('refuses a snapshot of other limits and stays as it was', async () => {
      await users.apply([impression({ userId: 'u1' })], { impressions: { 0: 1 } });
      const other = createUserState({ ...testOptions, historyLimit: 4 });
      await expect(users.load(other.snapshot(), {})).rejects.toThrow(RangeError);
      expect(users.get('u1')).toBeDefined();
      expect(users.offsets).toEqual({ impressions: { 0: 1 } });
    });
  });
}
