import {
  createEmbeddedDeadLetterSink,
  createEmbeddedImpressionSink,
  createEmbeddedImpressionSource,
  openEmbeddedLog,
  readDeadLetters,
} from './embedded';
import { type LogUnderTest, impressionLogContract } from './impression-log.contract';
import { createMemoryLog } from './memory';
import { impressions, temporaryFolder } from './samples.contract';

async function openEmbedded(partitionCount: number): Promise<LogUnderTest> {
  const folder = await temporaryFolder();
  let nowMs = 0;
  const log = openEmbeddedLog({ folder: folder.path, partitionCount, retentionMs: 1000, nowMs: () => nowMs });
  const sink = createEmbeddedImpressionSink(log);
  return {
    source: createEmbeddedImpressionSource(log),
    sink,
    deadLetters: createEmbeddedDeadLetterSink(log),
    rejected: () => [...readDeadLetters(log)],
    appendBytes: (value) => log.append('impressions', [{ partition: 0, value }]),
    async expire() {
      nowMs += 1001;
      await sink.append(impressions('later', 1));
    },
    async close() {
      await log.close();
      await folder.remove();
    },
  };
}

async function openMemory(partitionCount: number): Promise<LogUnderTest> {
  const log = createMemoryLog(partitionCount);
  return {
    ...log,
    rejected: () => log.rejected,
    async appendBytes(value) {
      log.appendBytes(0, value);
    },
    async expire() {
      log.trim(0, (await log.source.endOffsets())['impressions'][0]);
    },
    async close() {
      // Nothing to release.
    },
  };
}

const UNDER_TEST = { embedded: openEmbedded, memory: openMemory };
for (const [name, open] of Object.entries(UNDER_TEST)) impressionLogContract(name, open);
