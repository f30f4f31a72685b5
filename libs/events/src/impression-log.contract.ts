import { OffsetOutOfRangeError } from './errors';
import type { DeadLetterSink, ImpressionSink, ImpressionSource, RejectedRecord } from './ports';
import { collect, collectAll, idsOf, impression, impressions } from './samples.contract';

/** A fresh, empty log. */
export interface LogUnderTest {
  readonly source: ImpressionSource;
  readonly sink: ImpressionSink;
  readonly deadLetters: DeadLetterSink;
  rejected(): Promise<readonly RejectedRecord[]> | readonly RejectedRecord[];
  /** Appends bytes as they are to partition 0. */
  appendBytes(value: Uint8Array): Promise<void>;
  /** Makes retention drop all that is in partition 0; may append one record to bring that about. */
  expire(): Promise<void>;
  close(): Promise<void>;
}

/** Laws of every impression log: what is appended is read, in order, once, or an error says why not. */
export function impressionLogContract(name: string, open: (partitionCount: number) => Promise<LogUnderTest>): void {
  describe(`${name}: impression log`, () => {
    let log: LogUnderTest;
    const opened: LogUnderTest[] = [];
    const openOne = async (partitionCount: number): Promise<LogUnderTest> => {
      const one = await open(partitionCount);
      opened.push(one);
      return one;
    };
    beforeEach(async () => {
      log = await openOne(1);
    });
    afterEach(async () => {
      for (const each of opened.splice(0)) await each.close();
    });

    it('yields what was appended, in order, with consecutive offsets', async () => {
      const events = impressions('a', 2500);
      await log.sink.append(events.slice(0, 1));
      await log.sink.append(events.slice(1));
      const records = await collect(log.source, {}, 2500);
      expect(records).toEqual(
        events.map((event, offset) => ({ topic: 'impressions', partition: 0, offset, impression: event })),
      );
      expect(await log.source.endOffsets()).toEqual({ impressions: { 0: 2500 } });
    });

    it('yields chunks of bounded size', async () => {
      await log.sink.append(impressions('a', 2500));
      const stop = new AbortController();
      const sizes: number[] = [];
      for await (const chunk of log.source.read({}, stop.signal)) {
        sizes.push(chunk.length);
        if (sizes.reduce((a, b) => a + b) === 2500) stop.abort();
      }
      expect(Math.max(...sizes)).toBeLessThanOrEqual(1000);
    });

    it('continues from the given offset', async () => {
      await log.sink.append(impressions('a', 10));
      const records = await collect(log.source, { impressions: { 0: 7 } }, 3);
      expect(idsOf(records)).toEqual(['a-7', 'a-8', 'a-9']);
    });

    it('waits at the end for what comes', async () => {
      await log.sink.append(impressions('a', 2));
      const stop = new AbortController();
      const seen: string[] = [];
      for await (const chunk of log.source.read({}, stop.signal)) {
        seen.push(...idsOf(chunk));
        if (seen.length === 2) await log.sink.append(impressions('b', 1));
        if (seen.length === 3) stop.abort();
      }
      expect(seen).toEqual(['a-0', 'a-1', 'b-0']);
    });

    it('ends when aborted while it waits', async () => {
      const stop = new AbortController();
      const reading = log.source.read({}, stop.signal)[Symbol.asyncIterator]().next();
      setImmediate(() => stop.abort());
      expect(await reading).toEqual({ done: true, value: undefined });
    });

    it('ends at once when aborted before', async () => {
      await log.sink.append(impressions('a', 1));
      const reading = log.source.read({}, AbortSignal.abort())[Symbol.asyncIterator]();
      expect(await reading.next()).toEqual({ done: true, value: undefined });
    });

    it('passes a malformed record on with its bytes, and goes on', async () => {
      await log.sink.append(impressions('a', 1));
      await log.appendBytes(Buffer.from('{"eventId":'));
      await log.sink.append(impressions('b', 1));
      const records = await collect(log.source, {}, 3);
      expect(idsOf(records)).toEqual(['a-0', 'malformed-json', 'b-0']);
      const [, poison] = records as readonly RejectedRecord[];
      expect(poison).toMatchObject({ topic: 'impressions', partition: 0, offset: 1 });
      expect(Buffer.from(poison.value).toString()).toBe('{"eventId":');
    });

    it('refuses a position older than retention', async () => {
      await log.sink.append(impressions('a', 5));
      await log.expire();
      const reading = collect(log.source, { impressions: { 0: 0 } }, 1);
      await expect(reading).rejects.toMatchObject({
        ...{ name: 'OffsetOutOfRangeError', topic: 'impressions', partition: 0, requested: 0, earliest: 5 },
      });
    });

    it('starts at the earliest retained offset where no position is given', async () => {
      await log.sink.append(impressions('a', 5));
      expect(await log.source.earliestOffsets()).toEqual({ impressions: { 0: 0 } });
      await log.expire();
      expect(await log.source.earliestOffsets()).toEqual({ impressions: { 0: 5 } });
      await log.sink.append(impressions('b', 1));
      const { impressions: end } = await log.source.endOffsets();
      const records = await collect(log.source, {}, end[0] - 5);
      expect(records[0].offset).toBe(5);
      expect(idsOf(records).at(-1)).toBe('b-0');
    });

    it('refuses a position past the end: the log was replaced by another', async () => {
      await log.sink.append(impressions('a', 2));
      await expect(collect(log.source, { impressions: { 0: 3 } }, 1)).rejects.toThrow(OffsetOutOfRangeError);
    });

    it('keeps a dead letter once per position, however often it is rejected', async () => {
      const letter = (offset: number): RejectedRecord => ({
        ...{ topic: 'impressions', partition: 0, offset },
        rejection: { code: 'malformed-json', reason: 'because' },
        value: Uint8Array.of(0, 255, offset),
      });
      await log.deadLetters.reject([letter(3), letter(9)]);
      await log.deadLetters.reject([letter(9), letter(3), letter(11)]);
      const kept = (await log.rejected()).map((record) => ({ ...record, value: Uint8Array.from(record.value) }));
      expect(kept).toEqual([letter(3), letter(9), letter(11)]);
    });

    it('keeps the order of each user over several partitions, and reads each from its own offset', async () => {
      const wide = await openOne(3);
      const events = Array.from({ length: 600 }, (_, i) => impression({ eventId: `e-${i}`, userId: `user-${i % 20}` }));
      await wide.sink.append(events);
      const records = await collectAll(wide.source);
      const ofUser = (records_: typeof records, user: number) =>
        idsOf(records_.filter((record) => 'impression' in record && record.impression.userId === `user-${user}`));
      for (let user = 0; user < 20; user++) {
        expect(ofUser(records, user)).toEqual(Array.from({ length: 30 }, (_, i) => `e-${user + i * 20}`));
      }
      const { impressions: ends } = await wide.source.endOffsets();
      expect(Object.values(ends).every((end) => end > 0)).toBe(true);
      const rest = await collect(wide.source, { impressions: { 0: ends[0], 2: 0 } }, ends[1] + ends[2]);
      expect(new Set(rest.map(({ partition }) => partition))).toEqual(new Set([1, 2]));
    });
  });
}
