import {
  type HistoryEntry,
  type Offsets,
  type Snapshot,
  type StateTensor,
  tensorOf,
  type UserId,
} from '@gatehouse/domain';
import type { UserStateOptions } from '../ports';
import { checkOffsets, packStrings, unpackStrings } from './pack-strings';
import type { UserContent } from './user-entry';

/** Name of the part in a checkpoint and in a published version. */
export const userStateName = 'user-state';
const format = 1;

/** What a snapshot holds. */
interface RestoredUsers {
  readonly userIds: readonly UserId[];
  /** Of the user at a position in {@link userIds}. */
  readonly contentOf: (user: number) => UserContent;
  readonly offsets: Offsets;
}

/** Limits that shape the content: a snapshot of other limits does not fit. */
type Limits = Pick<UserStateOptions, 'historyLimit' | 'seenLimit'>;

/**
 * All users as arrays, in the order given. Item ids of the histories are stored once each.
 *
 * `user-ids` bytes and `user-id-offsets` `[users + 1]`; `item-ids` bytes and `item-id-offsets` `[items + 1]`;
 * `history-offsets` `[users + 1]` into `history-items` and `history-times` `[entries]`;
 * `seen-offsets` `[users + 1]` into `seen-keys` `[keys, 2]`; `last-event-times` `[users]`.
 */
export function snapshotUsers(
  users: ReadonlyMap<UserId, { readonly content: UserContent }>,
  offsets: Offsets,
  { historyLimit, seenLimit }: Limits,
): Snapshot {
  const contents = [...users.values()].map(({ content }) => content);
  const historyOffsets = runningTotal(contents.map(({ history }) => history.length));
  const seenOffsets = runningTotal(contents.map(({ seenKeys }) => seenKeys.length / 2));
  const historyItems = new Uint32Array(historyOffsets[users.size]);
  const historyTimes = new Float64Array(historyItems.length);
  const seenKeys = new Uint32Array(seenOffsets[users.size] * 2);
  const numbers = new Map<string, number>();
  for (const [user, content] of contents.entries()) {
    for (const [i, { itemId, eventTimeMs }] of content.history.entries()) {
      const number = numbers.get(itemId) ?? numbers.size;
      numbers.set(itemId, number);
      historyItems[historyOffsets[user] + i] = number;
      historyTimes[historyOffsets[user] + i] = eventTimeMs;
    }
    seenKeys.set(content.seenKeys, seenOffsets[user] * 2);
  }
  const userIds = packStrings([...users.keys()]);
  const itemIds = packStrings([...numbers.keys()]);
  return {
    tensors: {
      'user-ids': bytes(userIds.bytes),
      'user-id-offsets': words(userIds.offsets),
      'item-ids': bytes(itemIds.bytes),
      'item-id-offsets': words(itemIds.offsets),
      'history-offsets': words(historyOffsets),
      'history-items': words(historyItems),
      'history-times': doubles(historyTimes),
      'seen-offsets': words(seenOffsets),
      'seen-keys': { dtype: 'U32', shape: [seenKeys.length / 2, 2], data: seenKeys },
      'last-event-times': doubles(Float64Array.from(contents, ({ lastEventTimeMs }) => lastEventTimeMs)),
    },
    metadata: { format, historyLimit, seenLimit, offsets },
  };
}

/**
 * The users of a snapshot, in its order, and the positions that it reflects. Everything is checked before it returns.
 *
 * @throws RangeError when it has another format or other limits, or its arrays do not belong together.
 */
export function restoreUsers(snapshot: Snapshot, limits: Limits): RestoredUsers {
  const offsets = checkedOffsets(snapshot, limits);
  const array = <D extends 'U8' | 'U32' | 'F64'>(name: string, dtype: D, length?: number) =>
    tensorOf(userStateName, snapshot, name, dtype, length);
  const userIds = unpackStrings({ bytes: array('user-ids', 'U8'), offsets: array('user-id-offsets', 'U32') });
  const itemIds = unpackStrings({ bytes: array('item-ids', 'U8'), offsets: array('item-id-offsets', 'U32') });
  const historyItems = array('history-items', 'U32');
  const historyTimes = array('history-times', 'F64', historyItems.length);
  const historyOffsets = array('history-offsets', 'U32', userIds.length + 1);
  const seenKeys = array('seen-keys', 'U32');
  const seenOffsets = array('seen-offsets', 'U32', userIds.length + 1);
  const lastEventTimes = array('last-event-times', 'F64', userIds.length);
  checkOffsets(`${userStateName}: history`, historyOffsets, historyItems.length);
  checkOffsets(`${userStateName}: seen`, seenOffsets, seenKeys.length / 2);
  if (historyItems.some((item) => item >= itemIds.length)) {
    throw new RangeError(`${userStateName}: expected items below ${itemIds.length}, found one above`);
  }
  const contentOf = (user: number): UserContent => {
    const history: HistoryEntry[] = [];
    for (let i = historyOffsets[user]; i < historyOffsets[user + 1]; i++) {
      history.push({ itemId: itemIds[historyItems[i]], eventTimeMs: historyTimes[i] });
    }
    const seen = seenKeys.slice(seenOffsets[user] * 2, seenOffsets[user + 1] * 2);
    return { history, seenKeys: seen, lastEventTimeMs: lastEventTimes[user] };
  };
  return { offsets, userIds, contentOf };
}

function checkedOffsets(snapshot: Snapshot, { historyLimit, seenLimit }: Limits): Offsets {
  const found = snapshot.metadata as (Limits & { readonly format: number; readonly offsets: Offsets }) | null;
  if (found?.format === format && found.historyLimit === historyLimit && found.seenLimit === seenLimit) {
    return found.offsets;
  }
  const expected = JSON.stringify({ format, historyLimit, seenLimit });
  throw new RangeError(`${userStateName}: expected a snapshot of ${expected}, found ${JSON.stringify(found)}`);
}

/** `[counts + 1]`: where each range starts, and the end of the last. */
function runningTotal(counts: readonly number[]): Uint32Array {
  const offsets = new Uint32Array(counts.length + 1);
  for (const [i, count] of counts.entries()) offsets[i + 1] = offsets[i] + count;
  return offsets;
}

const bytes = (data: Uint8Array): StateTensor => ({ dtype: 'U8', shape: [data.length], data });
const words = (data: Uint32Array): StateTensor => ({ dtype: 'U32', shape: [data.length], data });
const doubles = (data: Float64Array): StateTensor => ({ dtype: 'F64', shape: [data.length], data });
