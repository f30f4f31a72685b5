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

function setUp(own: Offsets, chunks: readonly (readonly ImpressionRecord[] | Error)[] = []) {
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
      earliestOffsets: async () => ({}),
      endOffsets: async () => ({}),
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
