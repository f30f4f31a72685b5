import type { Item } from '@gatehouse/domain';
import { createMemoryItemCatalogue } from '@gatehouse/events/memory';
import { waitFor } from '@gatehouse/runtime';

import { createItemFollower } from './follow-items';
import { createRecordingLogger } from './retriever.fixture';

const item = (itemId: string, available = true): Item => ({ itemId, features: {}, available });

function setUp() {
  let items = createMemoryItemCatalogue();
  let failures = 0;
  const gate = async (): Promise<void> => {
    if (failures-- > 0) throw new Error('broker away');
  };
  const told: string[] = [];
  const logger = createRecordingLogger();
  const follower = createItemFollower({
    items: {
      snapshot: () => gate().then(() => items.snapshot()),
      changes: async function* (offset, signal) {
        await gate();
        yield* items.changes(offset, signal);
      },
      put: (values) => items.put(values),
      remove: (keys) => items.remove(keys),
    },
    listeners: [
      {
        put: ({ itemId, available }) => told.push(`${itemId} ${available ? 'there' : 'withheld'}`),
        remove: (itemId) => told.push(`${itemId} gone`),
        clear: () => told.push('clear'),
      },
    ],
    delay: (ms, signal) =>
      new Promise((resolve, reject) => {
        signal?.throwIfAborted();
        if (ms > 100) setImmediate(resolve);
        else setTimeout(resolve, 1);
        signal?.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
      }),
    logger,
  });
  const stop = new AbortController();
  const until = (count: number) =>
    waitFor(() => told.length >= count, { what: `${count} tales`, timeoutMs: 2000, everyMs: 1 });
  return {
    follower,
    told,
    stop,
    until,
    logger,
    items: () => items,
    replaceItems: () => (items = createMemoryItemCatalogue()),
    failNext: (count: number) => (failures = count),
  };
}

test('it tells all items by their last change, then what changes', async () => {
  const { follower, told, stop, until, items } = setUp();
  await items().put([item('a'), item('b'), item('c')]);
  await items().put([item('a')]);
  await items().remove(['b']);
  const following = follower.follow(stop.signal);
  await follower.caughtUp(stop.signal);
  expect(told).toEqual(['clear', 'c there', 'a there', 'b gone']);
  await items().put([item('d'), item('c', false)]);
  await until(6);
  expect(told.slice(4)).toEqual(['d there', 'c withheld']);
  stop.abort();
  await following;
});

test('an empty catalogue is caught up with at once', async () => {
  const { follower, told, stop, logger } = setUp();
  const following = follower.follow(stop.signal);
  await follower.caughtUp(stop.signal);
  expect(told).toEqual(['clear']);
  expect(logger.lines.map(({ line }) => line)).toEqual(['info catalogue.loaded']);
  stop.abort();
  await following;
});

test('what cannot be read is tried again, from where it stood', async () => {
  const { follower, told, stop, items, failNext, logger } = setUp();
  await items().put([item('a')]);
  failNext(2); // two snapshots
  const following = follower.follow(stop.signal);
  await follower.caughtUp(stop.signal);
  expect(told).toEqual(['clear', 'a there']);
  expect(logger.lines.filter(({ line }) => line === 'error catalogue.stalled')).toHaveLength(2);
  stop.abort();
  await following;
});

test('a catalogue that was replaced is told from its beginning', async () => {
  let abortFirst: () => void = () => undefined;
  const { told, until, logger } = setUp();
  const [before, after] = [createMemoryItemCatalogue(), createMemoryItemCatalogue()];
  await before.put([item('a'), item('b')]);
  await after.put([item('c')]);
  let current = before;
  const stop = new AbortController();
  const follower = createItemFollower({
    items: {
      ...before,
      snapshot: () => current.snapshot(),
      changes: async function* (offset, signal) {
        const broken = new AbortController();
        abortFirst = () => broken.abort();
        yield* current.changes(offset, AbortSignal.any([signal, broken.signal]));
      },
    },
    listeners: [
      {
        put: ({ itemId }) => told.push(itemId),
        remove: (itemId) => told.push(`${itemId} gone`),
        clear: () => told.push('clear'),
      },
    ],
    delay: async () => new Promise(setImmediate),
    logger,
  });
  const following = follower.follow(stop.signal);
  await until(3);
  current = after;
  abortFirst();
  await until(5);
  expect(told).toEqual(['clear', 'a', 'b', 'clear', 'c']);
  stop.abort();
  await following;
});

test('nobody waits for the catalogue after the signal', async () => {
  const { follower, stop, logger } = setUp();
  const waiting = follower.caughtUp(stop.signal); // nobody follows
  stop.abort(new Error('the end'));
  await waiting;
  expect(logger.lines).toEqual([]);
});
