import type { Impression } from '@gatehouse/domain';
import { readBacklog } from '@gatehouse/events';
import { createMemoryItemCatalogue, createMemoryLog } from '@gatehouse/events/memory';

import type { DemoData } from '../demo-data';
import type { Progress } from '../progress';
import { fillLog } from './fill-log';

/** 4500 impressions, every third of which is a positive: 1500. They are appended in three steps. */
const data: DemoData = {
  items: [{ itemId: 'i0', features: {}, available: true }],
  impressions: Array.from({ length: 4500 }, (_, i) => ({
    eventId: `e${i}`,
    userId: `u${i % 3}`,
    itemId: 'i0',
    eventTimeMs: i,
    action: i % 3 === 0 ? 'click' : 'shown',
  })),
};
const isPositive = (action: string): boolean => action === 'click';

function setUp(signal = new AbortController().signal) {
  const { source, sink } = createMemoryLog();
  const target = { source, sink, catalogue: createMemoryItemCatalogue() };
  const printed: string[] = [];
  const progress: Progress = {
    begin: () => ({ update: () => undefined, end: () => undefined }),
    print: (line) => printed.push(line),
    end: () => undefined,
  };
  const fill = (read = () => Promise.resolve(data), into = target) => fillLog(read, into, isPositive, progress, signal);
  const held = async (): Promise<Impression[]> => {
    const impressions: Impression[] = [];
    for await (const impression of readBacklog(source)) impressions.push(impression);
    return impressions;
  };
  return { target, printed, fill, held };
}

describe('fillLog', () => {
  it('writes items and impressions, in order, and counts the positives', async () => {
    const { target, fill, held, printed } = setUp();
    expect(await fill()).toBe(1500);
    expect(await held()).toEqual(data.impressions);
    expect((await target.catalogue.snapshot()).values).toEqual(data.items);
    expect(printed).toEqual([]);
  });

  it('never writes twice, and does not even read then', async () => {
    const { target, fill, held, printed } = setUp();
    await fill();
    expect(await fill(() => Promise.reject(new Error('read')))).toBe(1500);
    expect(await held()).toHaveLength(4500);
    expect((await target.catalogue.snapshot()).offset).toBe(1);
    expect(printed).toEqual(['Catalogue and log hold data already (4500 events); going on from there.']);
  });

  it('leaves data of others alone', async () => {
    const { target, fill, held } = setUp();
    await target.sink.append([{ ...data.impressions[0], eventId: 'x' }]);
    await target.catalogue.put([data.items[0]]);
    expect(await fill()).toBe(1);
    expect(await held()).toHaveLength(1);
  });

  it('leaves a catalogue of others alone, though it has no events yet', async () => {
    const { target, fill, held } = setUp();
    await target.catalogue.put([{ ...data.items[0], itemId: 'mine' }]);
    expect(await fill()).toBe(0);
    expect(await held()).toHaveLength(0);
    expect((await target.catalogue.snapshot()).values).toHaveLength(1);
  });

  it.each([1, 2])('completes a call that failed at append %d', async (failing) => {
    const { target, fill, held } = setUp();
    let appends = 0;
    const sink: typeof target.sink = {
      append: async (impressions) => {
        if (++appends < failing) return target.sink.append(impressions);
        await target.sink.append(impressions.slice(0, 100)); // a first part may be in the log
        throw new Error('disk full');
      },
    };
    await expect(fill(undefined, { ...target, sink })).rejects.toThrow('disk full');
    expect(await fill()).toBe(1500);
    expect(await held()).toEqual(data.impressions);
    expect((await target.catalogue.snapshot()).values).toEqual(data.items);
  });

  it('stops between two steps when the signal aborts', async () => {
    const stop = new AbortController();
    const { target, fill, held } = setUp(stop.signal);
    const sink: typeof target.sink = {
      append: async (impressions) => {
        await target.sink.append(impressions);
        stop.abort(new Error('the user'));
      },
    };
    await expect(fill(undefined, { ...target, sink })).rejects.toThrow('the user');
    expect(await held()).toHaveLength(2000);
    await expect(fill()).rejects.toThrow('the user');
  });
});
