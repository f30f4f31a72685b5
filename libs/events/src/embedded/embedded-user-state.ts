import { randomUUID } from 'node:crypto';

import type { Offsets, Snapshot, UserId } from '@gatehouse/domain';
import type { Transaction } from 'lmdb';
import type { FollowerUserState, UserStateOptions } from '../ports';
import { sortInTurns } from '../user-state/sort-in-turns';
import { UserEntry, userRecord } from '../user-state/user-entry';
import { restoreUsers } from '../user-state/user-state-snapshot';
import { breathe } from '../wait';
import { openEmbeddedStore, type Table } from './embedded-store';
import { decodeUser, encodeUser } from './stored-user';

/** User state on disk. */
export interface EmbeddedUserState extends FollowerUserState {
  close(): Promise<void>;
}

/** What is known of the whole. */
interface Summary {
  readonly userCount: number;
  readonly offsets: Offsets;
}

/** Layout of the stored bytes; another one starts afresh. */
const format = 1;
/** Users that a load writes in one transaction: calls wait for no more than that. */
const usersPerTurn = 2_000;

/**
 * User state in a folder of its own: one process per host applies the log, all of them read. A restart goes on from the stored offsets.
 * Content that was written with another format or other limits is dropped at opening: it can be had again from a snapshot or the log.
 *
 * There are two tables of users. A load fills the one that is not in use, in the order of the keys and in turns with other work, and its
 * last transaction changes over. Whoever is killed before that leaves everything as it was.
 *
 * @throws StorageError when the folder cannot be used.
 * @example
 * const users = createEmbeddedUserState('var/users', { historyLimit: 50, seenLimit: 10_000, entersHistory, marksSeen });
 * for await (const records of source.read(users.offsets, signal)) await users.apply(impressionsOf(records), offsetsAfter(records));
 */
export function createEmbeddedUserState(folder: string, options: UserStateOptions): EmbeddedUserState {
  const { historyLimit, seenLimit } = options;
  const layout = JSON.stringify({ format, historyLimit, seenLimit });
  const store = openEmbeddedStore(folder);
  const tables: readonly Table<Uint8Array>[] = [store.keyed('users'), store.keyed('users-2')];
  const settings = store.keyed('settings');
  const [layoutKey, summaryKey, tableKey, loadKey] = ['layout', 'summary', 'table', 'load'].map((key) =>
    Buffer.from(key),
  );

  const readSummary = (transaction?: Transaction): Summary => {
    const stored = settings.get(summaryKey, transaction && { transaction });
    return stored ? (JSON.parse(stored.toString()) as Summary) : { userCount: 0, offsets: {} };
  };
  const writeSummary = (summary: Summary): void => {
    settings.putSync(summaryKey, Buffer.from(JSON.stringify(summary)));
  };
  store.write(() => {
    if (settings.get(layoutKey)?.toString() === layout) return;
    for (const table of tables) table.clearSync();
    settings.putSync(layoutKey, Buffer.from(layout));
    writeSummary({ userCount: 0, offsets: {} });
  });

  /** Which table holds the users. */
  const readTable = (transaction?: Transaction): number =>
    settings.get(tableKey, transaction && { transaction })?.[0] ?? 0;

  const load = async (snapshot: Snapshot, offsets: Offsets): Promise<void> => {
    const { userIds, contentOf } = restoreUsers(snapshot, options);
    // Text whose code units are the bytes of the key, so that its order is that of the table: appending is the fastest way to fill it.
    const keys: string[] = [];
    for (const userId of userIds) {
      if (keys.push(Buffer.from(userId).toString('latin1')) % usersPerTurn === 0) await breathe();
    }
    const order = await sortInTurns(keys);
    const twice = order.findIndex((user, i) => i > 0 && keys[user] === keys[order[i - 1]]);
    if (twice >= 0) throw new RangeError(`user-state: expected each user once, found ${userIds[order[twice]]} twice`);
    const ownLoad = Buffer.from(randomUUID());
    /** A transaction of this load, unless another one has begun since. */
    const write = (action: (used: number) => void): void =>
      store.write(() => {
        if (!settings.get(loadKey)?.equals(ownLoad))
          throw new Error('load: expected no other, found one that began later');
        action(readTable());
      });
    store.write(() => {
      settings.putSync(loadKey, ownLoad);
      tables[1 - readTable()].clearSync();
    });
    for (let from = 0; from < order.length; from += usersPerTurn) {
      write((used) => {
        for (const user of order.subarray(from, from + usersPerTurn)) {
          tables[1 - used].putSync(Buffer.from(keys[user], 'latin1'), encodeUser(contentOf(user)), { append: true });
        }
      });
      await breathe();
    }
    write((used) => {
      tables[used].clearSync();
      settings.putSync(tableKey, Buffer.of(1 - used));
      writeSummary({ userCount: order.length, offsets });
    });
  };

  return {
    get(userId) {
      const stored = store.read((transaction) =>
        tables[readTable(transaction)].get(Buffer.from(userId), { transaction }),
      );
      return stored && userRecord(decodeUser(stored));
    },
    async apply(impressions, offsets) {
      store.write(() => {
        const users = tables[readTable()];
        let { userCount } = readSummary();
        const touched = new Map<UserId, UserEntry>();
        for (const impression of impressions) {
          const { userId } = impression;
          let entry = touched.get(userId);
          if (!entry) {
            const stored = users.get(Buffer.from(userId));
            if (!stored) userCount++;
            touched.set(userId, (entry = new UserEntry(options, stored && decodeUser(stored))));
          }
          entry.apply(impression);
        }
        for (const [userId, { content }] of touched) users.putSync(Buffer.from(userId), encodeUser(content));
        writeSummary({ userCount, offsets });
      });
    },
    get offsets() {
      return store.read(readSummary).offsets;
    },
    get userCount() {
      return store.read(readSummary).userCount;
    },
    load,
    close: () => store.close(),
  };
}
