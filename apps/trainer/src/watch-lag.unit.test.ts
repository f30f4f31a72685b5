import { createMemoryLogger } from './world.fixture';
import { type Lag, lagsOf, watchLag } from './watch-lag';

const offsets = (...partitions: number[]) => ({ impressions: Object.fromEntries(partitions.entries()) });

describe('lag', () => {
  it.each<[string, number, number, number | undefined, Pick<Lag, 'events' | 'retentionLeft'>]>([
    ['nothing waits', 0, 100, 100, { events: 0, retentionLeft: 1 }],
    ['a tenth of what is held waits', 100, 200, 190, { events: 10, retentionLeft: 0.9 }],
    ['most of it waits', 100, 200, 110, { events: 90, retentionLeft: 0.1 }],
    ['retention is ahead', 100, 200, 90, { events: 110, retentionLeft: -0.1 }],
    ['nothing was read yet', 100, 200, undefined, { events: 100, retentionLeft: 0 }],
    ['retention has taken nothing', 0, 100, 10, { events: 90, retentionLeft: 1 }],
    ['the partition is empty', 7, 7, undefined, { events: 0, retentionLeft: 1 }],
  ])('is told when %s', (_, earliest, end, next, expected) => {
    const at = next === undefined ? {} : offsets(next);
    expect(lagsOf(offsets(earliest), offsets(end), at)).toEqual([{ topic: 'impressions', partition: 0, ...expected }]);
  });

  it('raises an alarm for each partition that retention may overtake, and survives a broker that is away', async () => {
    const stop = new AbortController();
    const logger = createMemoryLogger();
    const told: (readonly Lag[])[] = [];
    let looks = 0;
    await watchLag({
      source: {
        earliestOffsets: async () => offsets(10, 10),
        endOffsets: async () => {
          if (++looks === 2) throw new Error('no broker');
          return offsets(100, 100);
        },
      },
      offsets: () => offsets(80, 20),
      onLag: (lags) => told.push(lags),
      sleep: async () => {
        if (looks === 3) stop.abort();
      },
      logger,
      signal: stop.signal,
    });
    expect(told).toHaveLength(2);
    expect(logger.lines.map(({ message, fields }) => [message, fields['partition'] ?? fields['reason']])).toEqual([
      ['retention.near', 1],
      ['lag.unknown', 'no broker'],
      ['retention.near', 1],
    ]);
  });
});
