import type { Offsets, UserId } from '@gatehouse/domain';
import type { Transaction } from 'lmdb';
import type { FollowerUserState, UserStateOptions } from '../ports';
import { UserEntry, userRecord } from '../user-state/user-entry';
import { restoreUsers } from '../user-state/user-state-snapshot';
import { openEmbeddedStore } from './embedded-store';
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

/**
 * User state in a folder of its own: one process per host applies the log, all of them read. A restart goes on from the stored offsets.
 * Content that was written with another format or other limits is dropped at opening: it can be had again from a snapshot or the log.
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
  const users = store.keyed('users');
  const settings = store.keyed('settings');
  const [layoutKey, summaryKey] = [Buffer.from('layout'), Buffer.from('summary')];

  const readSummary = (transaction?: Transaction): Summary => {
    const stored = settings.get(summaryKey, transaction && { transaction });
    return stored ? (JSON.parse(stored.toString()) as Summary) : { userCount: 0, offsets: {} };
  };
  const writeSummary = (summary: Summary): void => {
    settings.putSync(summaryKey, Buffer.from(JSON.stringify(summary)));
  };
  store.write(() => {
    if (settings.get(layoutKey)?.toString() === layout) return;
    users.clearSync();
    settings.putSync(layoutKey, Buffer.from(layout));
    writeSummary({ userCount: 0, offsets: {} });
  });

  return {
    get(userId) {
      const stored = store.read((transaction) => users.get(Buffer.from(userId), { transaction }));
      return stored && userRecord(decodeUser(stored));
    },
    async apply(impressions, offsets) {
      store.write(() => {
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
    async load(snapshot, offsets) {
      const restored = restoreUsers(snapshot, options);
      store.write(() => {
        users.clearSync();
        let userCount = 0;
        for (const [userId, content] of restored.users) {
          users.putSync(Buffer.from(userId), encodeUser(content));
          userCount++;
        }
        writeSummary({ userCount, offsets });
      });
    },
    close: () => store.close(),
  };
}
