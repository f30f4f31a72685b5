import { createMemoryItemCatalogue } from '@gatehouse/events/memory';
import { waitFor } from '@gatehouse/runtime';

import { followCatalogue } from './follow-catalogue';
import { createTrainerCatalogue } from './trainer-catalogue';

const item = (itemId: string) => ({ itemId, features: {}, available: true });

describe('followCatalogue', () => {
  it('applies what changed since the copy, and only when told', async () => {
    const source = createMemoryItemCatalogue();
    await source.put([item('a'), item('b')]);
    const copy = createTrainerCatalogue();
    const { values, offset } = await source.snapshot();
    copy.load(values, offset);
    await source.put([item('c')]);
    await source.remove(['a']);

    const stop = new AbortController();
    const follower = followCatalogue(source, copy, stop.signal);
    await new Promise(setImmediate);
    const before = copy.revision;
    expect(copy.items.map(({ itemId }) => itemId)).toEqual(['a', 'b']); // a batch sees one catalogue
    const hasArrived = (): boolean => {
      follower.apply();
      return copy.offset === 4;
    };
    await waitFor(hasArrived, { what: 'both changes', timeoutMs: 1000, everyMs: 1 });
    expect(copy.items.map(({ itemId }) => itemId).sort()).toEqual(['b', 'c']);

    const after = copy.revision;
    expect(after).toBeGreaterThan(before);
    follower.apply();
    expect(copy.revision).toBe(after); // nothing came: positions have not moved
    stop.abort();
    await expect(follower.done).resolves.toBeUndefined();
  });

  it('fails when the catalogue is not the one that the copy was made of', async () => {
    const copy = createTrainerCatalogue();
    copy.load([], 7);
    const { done } = followCatalogue(createMemoryItemCatalogue(), copy, new AbortController().signal);
    await expect(done).rejects.toThrow('offset');
  });

  it('keeps the newest change of each item alone while nothing is learned', async () => {
    const source = createMemoryItemCatalogue();
    const copy = createTrainerCatalogue();
    const applied = jest.spyOn(copy, 'apply');
    const stop = new AbortController();
    const follower = followCatalogue(source, copy, stop.signal);
    for (let n = 0; n < 50; n++) {
      await source.put([item(n % 2 === 0 ? 'a' : 'b')]);
      await new Promise(setImmediate); // so that each arrives by itself
    }
    await waitFor(
      () => {
        follower.apply();
        return copy.offset === 50;
      },
      { what: 'the last change', timeoutMs: 1000, everyMs: 1 },
    );
    expect(Math.max(...applied.mock.calls.map(([changes]) => changes.length))).toBeLessThanOrEqual(2);
    stop.abort();
    await follower.done;
  });
});
