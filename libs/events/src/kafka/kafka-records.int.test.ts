import { createRandom } from '@gatehouse/domain';
import { ImpressionMessage } from '@gatehouse/proto';

import { encodeImpression } from '../encode-impression';
import type { ImpressionRecord, RejectedRecord } from '../ports';
import { collect, idsOf, impression, impressions } from '../samples.contract';
import { deadLetterTopic, impressionsTopic } from '../topics';
import { describeKafka, openCluster } from './cluster.fixture';
import type { KafkaConnection } from './connect-kafka';
import { createKafkaImpressionSource } from './kafka-impression-source';
import { createKafkaDeadLetterSink, createKafkaImpressionSink } from './kafka-sinks';
import { createPartitionedProducer, type PartitionedProducer } from './partitioned-producer';

jest.setTimeout(240_000);

/** Mutated events; `FUZZ_EVENTS` has another number. */
const fuzzEvents = Number(process.env['FUZZ_EVENTS'] ?? 10_000);

describeKafka('records on a broker', () => {
  let connection: KafkaConnection;
  let producer: PartitionedProducer;
  const open = async (partitions: number, changes: object = {}): Promise<void> => {
    connection = await openCluster(partitions, changes);
    producer = createPartitionedProducer(connection);
  };
  afterEach(async () => {
    await producer.close();
    await connection.close();
  });

  it('are read past the marks of transactions, and not where these were aborted', async () => {
    await open(2);
    const topic = connection.topicName(impressionsTopic);
    const transactional = connection.kafka.producer({
      transactionalId: connection.settings.groupId,
      idempotent: true,
      maxInFlightRequests: 1,
    });
    await transactional.connect();
    const write = async (prefix: string, count: number, partition: number, end: 'commit' | 'abort', fromMs = 0) => {
      const transaction = await transactional.transaction();
      const messages = impressions(prefix, count).map((event) => ({
        partition,
        value: Buffer.from(encodeImpression({ ...event, eventTimeMs: event.eventTimeMs + fromMs })),
      }));
      await transaction.send({ topic, messages });
      await transaction[end]();
    };
    await write('a', 3, 0, 'commit'); // offsets 0 to 2, mark 3
    await write('x', 2, 0, 'abort'); // 4, 5, mark 6
    await write('b', 2, 0, 'commit', 100); // 7, 8, mark 9: nothing but a mark at the end
    await write('c', 2, 1, 'commit', 1000); // comes last, so partition 0 must be known to be read to its end
    await transactional.disconnect();

    const source = createKafkaImpressionSource(connection);
    const records = await collect(source, {}, 7);
    expect(idsOf(records)).toEqual(['a-0', 'a-1', 'a-2', 'b-0', 'b-1', 'c-0', 'c-1']);
    expect(records.map(({ offset }) => offset)).toEqual([0, 1, 2, 7, 8, 0, 1]);
    expect(idsOf(await collect(source, { impressions: { 0: 4, 1: 1 } }, 3))).toEqual(['b-0', 'b-1', 'c-1']);
  });

  it.each([
    ['earliest', ['a-5', 'a-6', 'b-0']],
    ['latest', ['b-0']],
  ])('that are gone are passed over when %s says so', async (onOffsetOutOfRange, expected) => {
    await open(1, { onOffsetOutOfRange });
    const sink = createKafkaImpressionSink(producer);
    await sink.append(impressions('a', 7));
    const admin = await connection.admin();
    const topic = connection.topicName(impressionsTopic);
    await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: '5' }] });
    const reading = collect(createKafkaImpressionSource(connection), { impressions: { 0: 2 } }, expected.length);
    if (onOffsetOutOfRange === 'latest') {
      // It begins at the end, so what comes must come after it has looked where that is: again and again until it has.
      let isDone = false;
      const done = reading.finally(() => (isDone = true));
      while (!isDone) {
        await sink.append(impressions('b', 1));
        await Promise.race([done, new Promise((resolve) => setTimeout(resolve, 200))]);
      }
    } else await sink.append(impressions('b', 1));
    expect(idsOf(await reading).slice(0, expected.length)).toEqual(expected);
  });

  it(`are applied or set aside, each of ${fuzzEvents} mutated ones (seed 21)`, async () => {
    await open(4);
    const random = createRandom('fuzz', 21);
    const topic = connection.topicName(impressionsTopic);
    const raw = connection.kafka.producer();
    await raw.connect();
    for (let sent = 0; sent < fuzzEvents; sent += 100) {
      const messages = Array.from({ length: Math.min(100, fuzzEvents - sent) }, (_, n) => {
        const event = impression({ eventId: `e${sent + n}`, requestId: 'r', context: { device: 'phone' } });
        const isProtobuf = random.below(2) === 1;
        const bytes = isProtobuf
          ? ImpressionMessage.encode({
              ...event,
              position: 1,
              propensity: 1,
              modelVersion: '1-1',
              context: new Map(),
            }).finish()
          : encodeImpression(event);
        const headers = isProtobuf ? { 'content-type': 'application/x-protobuf' } : {};
        return { value: mutate(Buffer.from(bytes), random.below), headers };
      });
      await raw.send({ topic, messages });
    }
    await raw.disconnect();
    // The producer tries again what it had no answer to, so some may be there twice: each record counts, not each event.
    const bounds = [...(await connection.bounds(impressionsTopic)).values()];
    const recordCount = bounds.reduce((sum, { high }) => sum + high, 0);
    expect(recordCount).toBeGreaterThanOrEqual(fuzzEvents);

    const deadLetters = createKafkaDeadLetterSink(producer);
    const enough = new AbortController();
    const [records, rejected]: [ImpressionRecord[], RejectedRecord[]] = [[], []];
    for await (const chunk of createKafkaImpressionSource(connection).read({}, enough.signal)) {
      records.push(...chunk);
      const poison = chunk.filter((record) => 'rejection' in record);
      rejected.push(...poison);
      await deadLetters.reject(poison);
      if (records.length >= recordCount) enough.abort();
    }
    expect(new Set(records.map(({ partition, offset }) => `${partition}/${offset}`)).size).toBe(recordCount);
    expect(records.length).toBe(recordCount);
    expect(rejected.length).toBeGreaterThan(fuzzEvents / 10);
    expect(records.length - rejected.length).toBeGreaterThan(fuzzEvents / 10);
    for (const { rejection } of rejected) expect(rejection.reason).toMatch(/expected/);
    expect((await connection.bounds(deadLetterTopic)).get(0)?.high).toBe(rejected.length);
  });
});

/** Bytes with some of them changed, cut off, doubled or put in; one in four stays as it is. */
function mutate(bytes: Buffer, below: (limit: number) => number): Buffer {
  switch (below(8)) {
    case 0:
    case 1:
      return bytes;
    case 2:
      return bytes.subarray(0, below(bytes.length));
    case 3:
      return Buffer.concat([bytes, bytes.subarray(below(bytes.length))]);
    case 4:
      return Buffer.concat([bytes.subarray(0, 9), Buffer.from('{"__proto__":[[[[[[[[[1e999'), bytes.subarray(9)]);
    case 5:
      return Buffer.alloc(below(70_000), bytes);
    default: {
      const mutated = Buffer.from(bytes);
      for (let n = 1 + below(4); n > 0; n--) mutated[below(mutated.length)] = below(256);
      return mutated;
    }
  }
}
