import { randomUUID } from 'node:crypto';

import { createRandom, type Impression } from '@gatehouse/domain';
import {
  type DeadLetterSink,
  encodeImpression,
  type ImpressionRecord,
  type ImpressionSource,
  impressionsTopic,
  kafkaSettings,
  userStateOptions,
} from '@gatehouse/events';
import {
  connectKafka,
  createKafkaDeadLetterSink,
  createKafkaImpressionSink,
  createKafkaImpressionSource,
  createPartitionedProducer,
  createTopics,
} from '@gatehouse/events/kafka';
import { createUserState } from '@gatehouse/events/memory';
import { createLogger, systemClock } from '@gatehouse/runtime';
import { compileSchemaFile, type Schema } from '@gatehouse/schema';
import {
  describeMachine,
  kafkaBrokers,
  machineLine,
  markdownTable,
  writeResult,
  writeSection,
} from '@gatehouse/testing';
import { loadBackend } from '@gatehouse/towers';

import { cutBatches } from '../src/cut-batches';
import { createLearner } from '../src/learner';
import { createTrainerCatalogue } from '../src/trainer-catalogue';

/*
 * From the broker to the gradient: produce, consume and decode, and learning from Kafka beside learning from memory, in turn. Needs a
 * broker in KAFKA_BROKERS. Writes docs/benchmarks.md and reports/bench-events.json. `-- --quick`: fewer events, and no page.
 */
const isQuick = process.argv.includes('--quick');
const events = isQuick ? 20_000 : 300_000;
const learnedEvents = isQuick ? 10_000 : 60_000;
const rounds = isQuick ? 1 : 3;
const users = 10_000;
const items = 5_000;

/** Impressions of Zipf's law over the items, a second apart. */
function createImpressions(count: number): Impression[] {
  const random = createRandom('impressions', 1);
  return Array.from({ length: count }, (_, n) => ({
    eventId: `event-${n}`,
    userId: `user-${random.below(users)}`,
    itemId: `item-${Math.floor(items ** random.next())}`,
    eventTimeMs: 1_700_000_000_000 + 1000 * n,
    action: 'click',
    requestId: `request-${n >> 3}`,
    context: { device: 'phone' },
  }));
}

async function perSecond(count: number, work: () => Promise<void>): Promise<number> {
  const began = performance.now();
  await work();
  return (1000 * count) / (performance.now() - began);
}

/** Learns so many events from chunks of records, as the trainer does without its saves. */
async function learn(
  schema: Schema,
  chunks: AsyncIterable<readonly ImpressionRecord[]>,
  deadLetters?: DeadLetterSink,
): Promise<number> {
  const catalogue = createTrainerCatalogue();
  const all = Array.from({ length: items }, (_, n) => ({ itemId: `item-${n}`, features: {}, available: true }));
  catalogue.load(all, items);
  const learner = createLearner({
    schema,
    catalogue,
    userState: createUserState(userStateOptions(schema)),
    evaluation: { sampleRate: 0, maxStalenessSteps: 1 },
    eventWindow: 1_000_000,
  });
  const cutting = {
    positives: schema.training.batchSize,
    weightOf: () => 1,
    isLearned: learner.hasLearned,
    start: {},
  };
  let applied = 0;
  let began = 0;
  let rejecting: Promise<void> | undefined;
  for await (const batch of cutBatches(chunks, cutting)) {
    if (began === 0)
      began = performance.now(); // the first batch warms up
    else applied += batch.impressions.length;
    await rejecting;
    rejecting = deadLetters?.reject(batch.rejected);
    learner.learn(batch);
    if (applied >= learnedEvents - 2 * schema.training.batchSize) break;
  }
  const rate = (1000 * applied) / (performance.now() - began);
  learner.dispose();
  return rate;
}

/** Most memory beyond what there was before, in megabytes, while a reader is slower than the broker by far. */
async function memoryOfSlowReader(source: ImpressionSource): Promise<number> {
  for (let n = 0; n < 5; n++) {
    globalThis.gc?.();
    await new Promise((resolve) => setImmediate(resolve));
  }
  const before = process.memoryUsage.rss();
  let most = before;
  let taken = 0;
  const enough = new AbortController();
  for await (const chunk of source.read({}, enough.signal)) {
    most = Math.max(most, process.memoryUsage.rss());
    taken += chunk.length;
    if (taken >= Math.min(50_000, events / 2)) enough.abort();
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return (most - before) / 1e6;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1];
}

async function main(): Promise<void> {
  const brokers = kafkaBrokers();
  if (!brokers) throw new Error('KAFKA_BROKERS: expected host:port of a broker, found none');
  const backend = await loadBackend(['native', 'wasm']);
  const schema = await compileSchemaFile('config/movielens.yaml');
  const impressions = createImpressions(events);
  const logger = createLogger({ app: 'bench', level: 'warn' });
  /** Topics of their own on the broker. */
  const openTopics = async () => {
    const settings = kafkaSettings.parse({ brokers, groupId: 'bench', topicPrefix: `bench-${randomUUID()}.` });
    const connection = connectKafka(settings, { environment: process.env }, logger, systemClock);
    await createTopics(connection, { partitions: 4, replicas: -1, retentionMs: 3_600_000 });
    return { connection, producer: createPartitionedProducer(connection) };
  };
  const { connection, producer } = await openTopics();
  const sink = createKafkaImpressionSink(producer);
  const source = createKafkaImpressionSource(connection);
  await source.endOffsets();

  const producePerSecond = await perSecond(events, async () => {
    for (let at = 0; at < events; at += 4_000) await sink.append(impressions.slice(at, at + 4_000));
  });

  const records: ImpressionRecord[] = [];
  const consumed: number[] = [];
  for (let round = 0; round < rounds; round++) {
    records.length = 0;
    const enough = new AbortController();
    const rate = await perSecond(events, async () => {
      for await (const chunk of source.read({}, enough.signal)) {
        records.push(...chunk);
        if (records.length >= events) enough.abort();
      }
    });
    consumed.push(rate);
  }

  const poisoned = await openTopics();
  await poisoned.producer.send(
    impressionsTopic,
    impressions.map((impression, n) => ({
      key: impression.userId,
      value: n % 100 === 50 ? Buffer.from('{"eventId":') : encodeImpression(impression),
    })),
  );

  async function* fromMemory(): AsyncGenerator<readonly ImpressionRecord[]> {
    for (let at = 0; at < learnedEvents; at += 1000) yield records.slice(at, at + 1000);
  }
  const [fromKafka, withPoison, inMemory]: [number[], number[], number[]] = [[], [], []];
  for (let round = 0; round < rounds; round++) {
    inMemory.push(await learn(schema, fromMemory()));
    const enough = new AbortController();
    fromKafka.push(await learn(schema, source.read({}, enough.signal)));
    const poisonedSource = createKafkaImpressionSource(poisoned.connection);
    const letters = createKafkaDeadLetterSink(poisoned.producer);
    withPoison.push(await learn(schema, poisonedSource.read({}, enough.signal), letters));
    enough.abort();
  }
  records.length = 0;
  await poisoned.producer.close();
  await poisoned.connection.close();
  const slowReaderMegabytes = await memoryOfSlowReader(source);
  await producer.close();
  await connection.close();

  const result = {
    producePerSecond,
    consumePerSecond: median(consumed),
    kafkaToGradientPerSecond: median(fromKafka),
    inMemoryPerSecond: median(inMemory),
    ratio: median(fromKafka) / median(inMemory),
    poisonRatio: median(withPoison) / median(fromKafka),
  };
  const page = [
    `${events.toLocaleString('en')} JSON impressions on four partitions of one broker on the same machine; learning with`,
    `config/movielens.yaml on ${backend}, ${learnedEvents.toLocaleString('en')} events, in turn. Medians of ${rounds}.`,
    `A reader that takes 1,000 events every 100 ms has at most ${slowReaderMegabytes.toFixed(0)} MB more than before it began.`,
    '',
    markdownTable(
      ['what', 'events a second'],
      [
        ['produce, acknowledged by all replicas', result.producePerSecond.toFixed(0)],
        ['consume and decode', result.consumePerSecond.toFixed(0)],
        ['from Kafka to an applied gradient', result.kafkaToGradientPerSecond.toFixed(0)],
        ['the same from memory', result.inMemoryPerSecond.toFixed(0)],
        ['ratio of the two', result.ratio.toFixed(2)],
        ['learning with 1 % poison, each kept as a dead letter, against without', result.poisonRatio.toFixed(2)],
      ],
    ),
  ].join('\n');
  console.log(page);
  const machine = describeMachine();
  writeResult('reports/bench-events.json', `${JSON.stringify({ machine, backend, ...result }, null, 2)}\n`);
  if (!isQuick) writeSection('docs/benchmarks.md', 'events', `${machineLine(machine)}\n\n${page}`);
}

void main();
