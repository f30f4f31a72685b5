import { createMemoryLog } from './memory';
import { readBacklog } from './read-backlog';
import { impression, impressions } from './samples.contract';

describe('readBacklog', () => {
  it('ends at once on an empty log', async () => {
    expect(await readBacklog(createMemoryLog(2).source).next()).toEqual({ done: true, value: undefined });
  });

  it('yields what was there at the call, without what came later or cannot be applied', async () => {
    const log = createMemoryLog(3);
    const held = [...impressions('a', 5), ...impressions('b', 5).map((event) => ({ ...event, userId: 'other' }))];
    await log.sink.append(held);
    log.appendBytes(0, Buffer.from('{'));
    const found: string[] = [];
    for await (const { eventId } of readBacklog(log.source)) {
      if (found.length === 0) await log.sink.append([impression({ eventId: 'late' })]);
      found.push(eventId);
    }
    expect(found.sort()).toEqual(held.map(({ eventId }) => eventId).sort());
  });
});
