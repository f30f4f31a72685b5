import type { Impression } from '@gatehouse/domain';
import { brokerControl, kafkaBrokers } from '@gatehouse/testing';

import { impression } from '../samples.contract';
import { impressionsTopic } from '../topics';
import { openCluster } from './cluster.fixture';
import type { KafkaConnection } from './connect-kafka';
import { createKafkaImpressionSource } from './kafka-impression-source';
import { createKafkaImpressionSink } from './kafka-sinks';
import { createPartitionedProducer } from './partitioned-producer';

jest.setTimeout(600_000);

const brokers = brokerControl();
const describeCluster = brokers && kafkaBrokers()?.length === 3 ? describe : describe.skip;
const rounds = Number(process.env['E2E_LEADER_KILLS'] ?? 3);
const partitions = 6;
const batchSize = 100;

/** Broker that leads most partitions, as its number in the control's count. */
async function busiestLeader(connection: KafkaConnection): Promise<number> {
  const topic = connection.topicName(impressionsTopic);
  const { topics } = await (await connection.admin()).fetchTopicMetadata({ topics: [topic] });
  const leaders = topics[0].partitions.map(({ leader }) => leader);
  const count = (id: number): number => leaders.filter((leader) => leader === id).length;
  return [1, 2, 3].sort((a, b) => count(b) - count(a))[0];
}

describeCluster('three brokers, whose leaders are killed under load', () => {
  it(`lose no event that was acknowledged, and stop nobody for long (${rounds} kills)`, async () => {
    const connection = await openCluster(partitions);
    const producer = createPartitionedProducer(connection);
    const sink = createKafkaImpressionSink(producer);
    const source = createKafkaImpressionSource(connection);

    const acknowledged = new Set<string>();
    const received = new Map<string, number>();
    let [longestAppendMs, longestSilenceMs] = [0, 0];
    let heardMs = performance.now();
    const enough = new AbortController();
    const reading = (async () => {
      for await (const chunk of source.read({}, enough.signal)) {
        const now = performance.now();
        longestSilenceMs = Math.max(longestSilenceMs, now - heardMs);
        heardMs = now;
        for (const record of chunk) {
          if (!('impression' in record)) throw new Error(`${record.offset}: ${record.rejection.reason}`);
          const { eventId } = record.impression;
          received.set(eventId, (received.get(eventId) ?? 0) + 1);
        }
      }
    })();

    let next = 0;
    let failedAppends = 0;
    let isOver = false;
    const load = (async () => {
      while (!isOver) {
        const batch: Impression[] = Array.from({ length: batchSize }, () => {
          const n = next++;
          return impression({ eventId: `e${n}`, userId: `u${n % 97}`, eventTimeMs: n });
        });
        const began = performance.now();
        try {
          await sink.append(batch);
          for (const { eventId } of batch) acknowledged.add(eventId);
        } catch {
          failedAppends++; // may be in the log or not: only what was acknowledged is promised
        }
        longestAppendMs = Math.max(longestAppendMs, performance.now() - began);
      }
    })();

    const until = async (what: string, isSo: () => boolean): Promise<void> => {
      const deadline = performance.now() + 60_000;
      while (!isSo()) {
        if (performance.now() > deadline) throw new Error(`waited 60 s for ${what}`);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    };
    await until('the first events', () => received.size > 10 * batchSize);
    for (let round = 0; round < rounds; round++) {
      const leader = await busiestLeader(connection);
      await brokers!.kill(leader);
      const before = received.size;
      await until('events past the kill', () => received.size > before + 10 * batchSize);
      await brokers!.start(leader);
      const after = received.size;
      await until('events past the restart', () => received.size > after + 10 * batchSize);
    }
    isOver = true;
    await load;
    await until('all that was acknowledged', () => [...acknowledged].every((eventId) => received.has(eventId)));
    enough.abort();
    await reading;
    const duplicates = [...received.values()].filter((times) => times > 1).length;
    process.stdout.write(
      `${JSON.stringify({ rounds, acknowledged: acknowledged.size, failedAppends, duplicates, longestAppendMs, longestSilenceMs })}\n`,
    );
    expect(acknowledged.size).toBeGreaterThan(30 * batchSize);
    await producer.close();
    await connection.close();
  });
});
