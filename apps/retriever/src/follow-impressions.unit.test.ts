import type { Impression, Offsets, Snapshot } from '@gatehouse/domain';
import type { FollowerUserState, ImpressionRecord } from '@gatehouse/events';

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
      line: 'warn user-state.snapshot-unreadable',
      fields: { modelVersion: '1-2', reason: 'expected part user-state' },
    },
  ]);
});

test('after a failed read it catches up with the version in service and reads on', async () => {
  const gone = new Error('offset 5 is older than the log');
  const { follower, log, logger, signal } = setUp({ [topic]: { 0: 5 } }, [gone, [recordOf(40)]]);
  await follower.follow(() => pair as never, signal);
  expect(log).toEqual(['read from 5', 'load "users of 1-2"', 'read from 40', 'apply i40']);
  expect(logger.lines.map(({ line }) => line)).toEqual(['error user-state.stalled']);
});
