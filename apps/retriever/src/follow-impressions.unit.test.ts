import type { Impression, Offsets, Snapshot } from '@gatehouse/domain';
import { type FollowerUserState, type ImpressionRecord, OffsetOutOfRangeError } from '@gatehouse/events';

import { createImpressionFollower } from './follow-impressions';
import { createRecordingLogger } from './retriever.fixture';

const topic = 'impressions';
const impressionOf = (n: number): Impression => ({
  eventId: `e${n}`,
  userId: 'u',
  itemId: `i${n}`,
  eventTimeMs: n,
  action: 'click',
});
const recordOf = (offset: number, partition = 0): ImpressionRecord => ({
  topic,
  partition,
  offset,
  impression: impressionOf(offset),
});
const rejectedAt = (offset: number): ImpressionRecord => ({
  topic,
  partition: 0,
  offset,
  rejection: { code: 'malformed-json', reason: 'expected JSON' },
  value: new Uint8Array(),
});
const snapshot: Snapshot = { tensors: {}, metadata: 'users of 1-2' };
const nobody: Snapshot = { tensors: {}, metadata: 'nobody' };

function setUp(
  own: Offsets,
  chunks: readonly (readonly ImpressionRecord[] | Error)[] = [],
  lookBack?: { readonly events: number; readonly earliest: number; readonly end: number },
) {
  const stop = new AbortController();
  const log: string[] = [];
  let offsets = own;
  const users: FollowerUserState = {
    get: () => undefined,
    userCount: 0,
    get offsets() {
      return offsets;
    },
    apply: (impressions, after) => {
      log.push(`apply ${impressions.map(({ itemId }) => itemId).join(' ')}`);
      offsets = after;
    },
    load: async ({ metadata }, after) => {
      log.push(`load ${JSON.stringify(metadata)}`);
      offsets = after;
    },
  };
  const logger = createRecordingLogger();
  const readUsers = jest.fn(async () => snapshot);
  const remaining = [...chunks];
  const follower = createImpressionFollower({
    source: {
      earliestOffsets: async () => (lookBack ? { [topic]: { 0: lookBack.earliest, 1: 0 } } : {}),
      endOffsets: async () => (lookBack ? { [topic]: { 0: lookBack.end, 1: 100 } } : {}),
      async *read(start) {
        log.push(`read from ${start[topic]?.[0] ?? 'the beginning'}`);
        for (let chunk = remaining.shift(); chunk; chunk = remaining.shift()) {
          if (chunk instanceof Error) throw chunk;
          yield chunk;
        }
        stop.abort();
      },
    },
    users,
    readUsers,
    nobody,
    ...(lookBack && {
      counting: {
        lookBackEvents: lookBack.events,
        apply: (impressions: readonly Impression[]) => {
          if (impressions.length > 0) log.push(`count ${impressions.map(({ itemId }) => itemId).join(' ')}`);
        },
        clear: () => log.push('count from nothing'),
      },
    }),
    delay: async () => undefined,
    logger,
  });
  return { follower, log, logger, users, readUsers, signal: stop.signal };
}

const pair = { version: '1-2', offsets: { [topic]: { 0: 40 } } };

test('records are applied in order, with the offset after the last', async () => {
  const { follower, log, users, signal } = setUp({ [topic]: { 0: 5, 1: 9 } }, [
    [recordOf(5), recordOf(6)],
    [recordOf(7)],
  ]);
  await follower.follow(() => undefined, signal);
  expect(log).toEqual(['read from 5', 'apply i5 i6', 'apply i7']);
  expect(users.offsets).toEqual({ [topic]: { 0: 8, 1: 9 } });
});

test('a rejected record is passed over, and its offset too', async () => {
  const { follower, log, users, signal } = setUp({}, [[recordOf(0), rejectedAt(1)], [recordOf(3, 2)]]);
  await follower.follow(() => undefined, signal);
  expect(log).toEqual(['read from the beginning', 'apply i0', 'apply i3']);
  expect(users.offsets).toEqual({ [topic]: { 0: 2, 2: 4 } });
});

test.each([
  ['empty', {}],
  ['behind', { [topic]: { 0: 39 } }],
])('a state that is %s starts from the snapshot of the version', async (_, own: Offsets) => {
  const { follower, log, users } = setUp(own);
  await follower.catchUp(pair);
  expect(log).toEqual(['load "users of 1-2"']);
  expect(users.offsets).toEqual(pair.offsets);
});

test('a state that is as far needs no snapshot', async () => {
  const { follower, readUsers } = setUp({ [topic]: { 0: 40 } });
  await follower.catchUp(pair);
  expect(readUsers).not.toHaveBeenCalled();
});

test('without a readable snapshot the log alone must do', async () => {
  const { follower, log, logger, readUsers } = setUp({});
  readUsers.mockRejectedValue(new Error('expected part user-state'));
  await follower.catchUp(pair);
  expect(log).toEqual([]);
  expect(logger.lines).toMatchObject([
    {
      line: 'warn user-state.not-loaded',
      fields: { modelVersion: '1-2', reason: 'expected part user-state' },
    },
  ]);
});

test('after a failed read it catches up with the version in service and reads on', async () => {
  const broken = new Error('disk on fire');
  const { follower, log, logger, signal } = setUp({ [topic]: { 0: 5 } }, [broken, [recordOf(40)]]);
  await follower.follow(() => pair as never, signal);
  expect(log).toEqual(['read from 5', 'load "users of 1-2"', 'read from 40', 'apply i40']);
  expect(logger.lines.map(({ line }) => line)).toEqual(['error user-state.stalled']);
});

describe('when the log does not hold where the state stands', () => {
  const offTheLog = (requested: number, earliest: number, end: number) =>
    new OffsetOutOfRangeError(topic, 0, requested, earliest, end);
  const ahead = { [topic]: { 0: 90 } };

  test('it starts over from the version in service, though the state claims to be further', async () => {
    const { follower, log, logger, signal } = setUp(ahead, [offTheLog(90, 0, 50), [recordOf(40)]]);
    await follower.follow(() => pair as never, signal);
    expect(log).toEqual(['read from 90', 'load "users of 1-2"', 'read from 40', 'apply i40']);
    expect(logger.lines.map(({ line }) => line)).toEqual(['error user-state.stalled']);
  });

  test('it starts empty while no version is in service', async () => {
    const { follower, log, logger, users, signal } = setUp(ahead, [offTheLog(90, 0, 50), [recordOf(0)]]);
    await follower.follow(() => undefined, signal);
    expect(log).toEqual(['read from 90', 'load "nobody"', 'read from the beginning', 'apply i0']);
    expect(users.offsets).toEqual({ [topic]: { 0: 1 } });
    expect(logger.lines.map(({ line }) => line)).toEqual(['error user-state.stalled', 'warn user-state.emptied']);
  });

  test.each([
    ['is shorter than where the version stands', 0, 39],
    ['begins after where the version stands', 41, 80],
  ])('it starts empty when the log %s', async (_, earliest, end) => {
    const { follower, log, signal } = setUp(ahead, [offTheLog(90, earliest, end)]);
    await follower.follow(() => pair as never, signal);
    expect(log).toEqual(['read from 90', 'load "nobody"', 'read from the beginning']);
  });

  test('it starts empty when the snapshot cannot be read', async () => {
    const { follower, log, readUsers, signal } = setUp(ahead, [offTheLog(90, 0, 50)]);
    readUsers.mockRejectedValue(new Error('expected part user-state'));
    await follower.follow(() => pair as never, signal);
    expect(log).toEqual(['read from 90', 'load "nobody"', 'read from the beginning']);
  });

  test('a state that cannot be written is tried again', async () => {
    const { follower, log, users, signal } = setUp(ahead, [offTheLog(90, 0, 50), offTheLog(90, 0, 50)]);
    jest.spyOn(users, 'load').mockRejectedValueOnce(new Error('disk full')); // the first one only
    await follower.follow(() => undefined, signal);
    expect(log).toEqual(['read from 90', 'read from 90', 'load "nobody"', 'read from the beginning']);
  });
});

test('a state whose offsets cannot be read ends nothing: the read is tried again', async () => {
  const { follower, log, logger, users, signal } = setUp({ [topic]: { 0: 40 } });
  const broken = () => {
    throw new Error('disk on fire');
  };
  jest.spyOn(users, 'offsets', 'get').mockImplementationOnce(broken).mockImplementationOnce(broken);
  await follower.follow(() => pair as never, signal); // to read from there, and to catch up
  expect(log).toEqual(['read from 40']);
  expect(logger.lines.map(({ line }) => line)).toEqual(['error user-state.stalled', 'warn user-state.not-loaded']);
});

describe('what counts along', () => {
  const held = { events: 3, earliest: 0, end: 50 };
  const standing = { [topic]: { 0: 40 } };

  test('begins before where the state stands, and each gets every record once', async () => {
    const records = [37, 38, 39, 40, 41].map((offset) => recordOf(offset));
    const { follower, log, users, signal } = setUp(
      standing,
      [records.slice(0, 2), records.slice(2), [recordOf(42)]],
      held,
    );
    await follower.follow(() => undefined, signal);
    expect(log).toEqual([
      'read from 37',
      'count i37 i38',
      'apply i40 i41',
      'count i39 i40 i41',
      'apply i42',
      'count i42',
    ]);
    expect(users.offsets).toEqual({ [topic]: { 0: 43 } });
  });

  test('looks back no further than the log does, and shares out over the partitions', async () => {
    const from = async (own: Offsets, lookBack: typeof held) => {
      const { follower, log, signal } = setUp(own, [], lookBack);
      await follower.follow(() => undefined, signal);
      return log;
    };
    expect(await from(standing, { ...held, earliest: 39 })).toEqual(['read from 39']);
    expect(await from({ [topic]: { 0: 40, 1: 7 } }, held)).toEqual(['read from 38']); // 3 / 2, rounded up
    expect(await from(standing, { ...held, events: 0 })).toEqual(['read from 40']);
  });

  test('a failure repeats nothing that was counted', async () => {
    const chunks = [[recordOf(37), recordOf(38)], new Error('broker away'), [recordOf(39), recordOf(40)]];
    const { follower, log, signal } = setUp(standing, chunks, held);
    await follower.follow(() => undefined, signal);
    expect(log).toEqual(['read from 37', 'count i37 i38', 'read from 39', 'apply i40', 'count i39 i40']);
  });

  test('a state that could not be written gets its records again, what counts does not', async () => {
    const { follower, log, users, signal } = setUp(standing, [[recordOf(40)], [recordOf(40), recordOf(41)]], {
      ...held,
      events: 0,
    });
    jest.spyOn(users, 'apply').mockImplementationOnce(() => {
      throw new Error('disk full');
    });
    await follower.follow(() => undefined, signal);
    expect(log).toEqual(['read from 40', 'read from 40', 'apply i40 i41', 'count i40 i41']);
  });

  test('a version that is further leaves a gap that is counted, not applied', async () => {
    const chunks = [[recordOf(6)], new Error('broker away'), [recordOf(7), recordOf(39), recordOf(40)]];
    const { follower, log, signal } = setUp({ [topic]: { 0: 6 } }, chunks, { ...held, events: 0 });
    await follower.follow(() => pair as never, signal);
    expect(log).toEqual([
      'read from 6',
      'apply i6',
      'count i6',
      'load "users of 1-2"',
      'read from 7',
      'apply i40',
      'count i7 i39 i40',
    ]);
  });

  test('a state beyond the end of the log is found out, though the log holds what lies further back', async () => {
    const gone = new OffsetOutOfRangeError(topic, 0, 90, 0, 50);
    const { follower, log, signal } = setUp({ [topic]: { 0: 90 } }, [gone, [recordOf(37)]], { ...held, events: 80 });
    await follower.follow(() => pair as never, signal);
    expect(log).toEqual(['read from 90', 'count from nothing', 'load "users of 1-2"', 'read from 0', 'count i37']);
  });

  test('retention that overtakes the look back costs the users nothing', async () => {
    const gone = new OffsetOutOfRangeError(topic, 0, 37, 39, 50);
    const { follower, log, signal } = setUp(standing, [gone, [recordOf(40)]], held);
    await follower.follow(() => undefined, signal);
    expect(log).toEqual(['read from 37', 'count from nothing', 'read from 37', 'apply i40', 'count i40']);
  });
});
