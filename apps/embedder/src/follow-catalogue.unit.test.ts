import { FencedError } from '@gatehouse/artifacts';
import type { Item } from '@gatehouse/domain';
import type { Change, ItemCatalogue } from '@gatehouse/events';
import { createMemoryItemCatalogue } from '@gatehouse/events/memory';
import { waitFor } from '@gatehouse/runtime';

import { createCatalogueFollower } from './follow-catalogue';
import type { LiveIndex } from './live-index';
import { createMemoryLogger } from './version.fixture';

const item = (itemId: string): Item => ({ itemId, features: {}, available: true });
const until = (what: string, isSo: () => boolean) => waitFor(isSo, { what, timeoutMs: 1000, everyMs: 1 });

/** Takes changes as an index does, and keeps their keys. */
function createFakeLive(offset: number) {
  const keys: string[] = [];
  let next = offset;
  const close = jest.fn().mockResolvedValue(undefined);
  const apply = jest.fn(async (changes: readonly Change<Item>[]) => {
    const fresh = changes.filter((change) => change.offset >= next);
    keys.push(...fresh.map(({ key }) => key));
    next = Math.max(next, ...fresh.map((change) => change.offset + 1));
  });
  const live = {
    version: '1-1',
    index: { close },
    model: {},
    get offset() {
      return next;
    },
    changedItems: 0,
    apply,
  } as unknown as LiveIndex;
  return { live, keys, close, apply };
}

function setUp(catalogue: ItemCatalogue = createMemoryItemCatalogue()) {
  const logger = createMemoryLogger();
  const stop = new AbortController();
  const follower = createCatalogueFollower({ catalogue, delay: async () => undefined, logger });
  return { catalogue, follower, stop, following: follower.follow(stop.signal), logger };
}

describe('the follower of the catalogue', () => {
  it('hands changes to the index in service, from its offset on', async () => {
    const { catalogue, follower, stop, following } = setUp();
    await catalogue.put([item('a'), item('b')]);
    const { live, keys } = createFakeLive(1);
    await follower.replace(live, follower.record());
    await until('b', () => keys.length === 1);
    await catalogue.put([item('c')]);
    await until('c', () => keys.length === 2);
    expect(keys).toEqual(['b', 'c']);
    stop.abort();
    await following;
  });

  it('has what came during a build in both indexes, once', async () => {
    const { catalogue, follower, stop, following } = setUp();
    const first = createFakeLive(0);
    await follower.replace(first.live, follower.record());
    const recording = follower.record();
    await catalogue.put([item('before')]);
    const { offset } = await catalogue.snapshot(); // what the second index is built from
    await catalogue.put([item('during')]);
    await until('both', () => first.keys.length === 2);
    const second = createFakeLive(offset);
    await follower.replace(second.live, recording);
    await catalogue.put([item('after')]);
    await until('the last', () => second.keys.includes('after'));
    expect(first.keys).toEqual(['before', 'during']);
    expect(second.keys).toEqual(['during', 'after']);
    expect(first.close).toHaveBeenCalledTimes(1);
    stop.abort();
    await following;
  });

  it('tries again what fails, in order, and says so', async () => {
    const { catalogue, follower, stop, following, logger } = setUp();
    const { live, keys, apply } = createFakeLive(0);
    await follower.replace(live, follower.record());
    apply.mockRejectedValueOnce(new Error('Qdrant is away'));
    await catalogue.put([item('a')]);
    await until('a', () => keys.length === 1);
    expect(logger.lines.map(({ message }) => message)).toEqual(['catalogue.not-applied']);
    stop.abort();
    await following;
  });

  it('asks for a new build when the catalogue was replaced, and goes on with it', async () => {
    const { catalogue, follower, stop, following } = setUp();
    await follower.replace(createFakeLive(99).live, follower.record());
    await until('the loss', () => follower.isLost);
    const { live, keys } = createFakeLive(0);
    await follower.replace(live, follower.record());
    expect(follower.isLost).toBe(false);
    await catalogue.put([item('a')]);
    await until('a', () => keys.length === 1);
    stop.abort();
    await following;
  });

  it('ends when another embedder leads', async () => {
    const { catalogue, follower, following } = setUp();
    const { live, apply } = createFakeLive(0);
    await follower.replace(live, follower.record());
    apply.mockRejectedValue(new FencedError('embedder', 1, 2));
    await catalogue.put([item('a')]);
    await expect(following).rejects.toThrow(FencedError);
  });

  it('ends when told to before it has an index', async () => {
    const { stop, following } = setUp();
    stop.abort();
    await following;
  });
});
