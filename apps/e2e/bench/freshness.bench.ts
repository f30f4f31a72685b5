import { type CandidateClient, createCandidateClient } from '@gatehouse/client';
import { kafkaSettings, logSettings } from '@gatehouse/events';
import { openEventLog } from '@gatehouse/events/open';
import { createLogger, systemClock } from '@gatehouse/runtime';
import {
  createCleanup,
  createWorld,
  describeMachine,
  kafkaBrokers,
  machineLine,
  markdownTable,
  qdrantUrl,
  writeResult,
  writeSection,
} from '@gatehouse/testing';

import { servingPort } from '../src/serving-port';
import { createWorkspace, type Workspace } from '../src/workspace';
import { measureClicks } from './measure-clicks';

/*
 * From a new item in the catalogue, and from a click, to the first answer that shows it, with processes of their own, while versions come
 * and go. The clock starts before the item or the click is handed to the log, so its record is younger. Writes docs/benchmarks.md and
 * reports/bench-freshness.json. `-- --quick`: few of both, and no page.
 */
const isQuick = process.argv.includes('--quick');
const newItems = isQuick ? 5 : 60;
const clicks = isQuick ? 20 : 400;
const timeoutMs = 60_000;
const world = createWorld({ seed: 19, users: 200, items: 2000, groups: 4, events: 20_000 });
const [eventsBefore, eventsAtOnce, eventsAmongClicks] = [2000, 200, isQuick ? 400 : 8000];

async function main(): Promise<void> {
  const [brokers, qdrant] = [kafkaBrokers(), qdrantUrl()];
  const cleanup = createCleanup();
  try {
    const workspace = await createWorkspace(cleanup, { brokers, qdrant });
    await workspace.ingest(world.impressions.slice(0, eventsBefore), world.items);
    const settings = { PUBLISH_EVERY_EVENTS: 256, BACKEND: '[native, wasm, cpu]', ARTIFACTS_KEEP: 50 };
    const trainer = workspace.start('trainer', settings);
    await trainer.waitForLine(({ msg }) => msg === 'model.published', { what: 'a version', timeoutMs });
    workspace.start('embedder', { BACKEND: '[native, wasm, cpu]' });
    const port = await servingPort(workspace.start('retriever'));
    const client = createCandidateClient({ address: `127.0.0.1:${port}`, deadlineMs: 10_000 });
    cleanup.add(() => client.close());
    const log = openEventLog({
      log: logSettings.parse({ kind: brokers ? 'kafka' : 'embedded', folder: workspace.logFolder }),
      kafka: kafkaSettings.parse({ brokers: brokers ?? [], topicPrefix: workspace.topicPrefix }),
      environment: {},
      logger: createLogger({ app: 'bench', level: 'error' }),
      clock: systemClock,
    });
    cleanup.add(() => log.close());

    const [itemVersions, clickVersions] = [new Set<string>(), new Set<string>()];
    const itemMs = await measureItems(workspace, client, (version) => itemVersions.add(version));
    const clickMs = await measureClicks({
      world,
      sink: log.sink,
      client,
      clicks,
      others: world.impressions.slice(-eventsAmongClicks),
      onVersion: (version) => clickVersions.add(version),
      timeoutMs,
    });
    const [item, click] = [itemMs, clickMs].map(sharesOf);
    const report = {
      machine: describeMachine(),
      log: brokers ? 'kafka' : 'embedded',
      index: qdrant ? 'qdrant' : 'embedded',
      newItems,
      versions: itemVersions.size,
      newItemP50Ms: item(0.5),
      newItemP95Ms: item(0.95),
      newItemMaxMs: item(1),
      clicks,
      clickVersions: clickVersions.size,
      clickP50Ms: click(0.5),
      clickP99Ms: click(0.99),
      clickMaxMs: click(1),
    };
    console.log(report);
    writeResult('reports/bench-freshness.json', `${JSON.stringify(report, undefined, 2)}\n`);
    if (isQuick) return;
    const first = [report.log, report.index];
    writeSection(
      'docs/benchmarks.md',
      'freshness',
      `${machineLine(describeMachine())}

${newItems} new items, one after the other, into a catalogue of ${world.items.length.toLocaleString('en')} while ${itemVersions.size} model versions served. Milliseconds from the start of
\`gatehouse ingest\` (about half a second of it is the start of that command) to the first answer that has the item.

${markdownTable(['event log', 'index', 'p50', 'p95', 'most'], [[...first, ...[item(0.5), item(0.95), item(1)].map(String)]])}

${clicks} clicks of random users, 20 to 120 ms apart, while ${clickVersions.size} model versions served and ${eventsAmongClicks.toLocaleString('en')} other events came in bursts. Milliseconds from
before the click is given to the producer to the end of the first \`Retrieve\` of that user whose freshness shows it. The goal is a p99 of
1,000.

${markdownTable(['event log', 'index', 'p50', 'p99', 'most'], [[...first, ...[click(0.5), click(0.99), click(1)].map(String)]])}`,
    );
  } finally {
    await cleanup.run();
  }
}

/** Milliseconds from each new item to the first answer that has it. */
async function measureItems(
  workspace: Workspace,
  client: CandidateClient,
  onVersion: (version: string) => void,
): Promise<number[]> {
  const ms: number[] = [];
  for (let n = 0; n < newItems; n++) {
    if (n % 3 === 0) {
      const from = eventsBefore + (n / 3) * eventsAtOnce;
      await workspace.ingest(world.impressions.slice(from, from + eventsAtOnce)); // so that refreshes are on the way too
    }
    const group = `only-${n}`;
    const began = performance.now();
    const writing = workspace.ingest([], [{ itemId: `new-${n}`, features: { group }, available: true }]);
    for (;;) {
      const { candidates, modelVersion } = await client.retrieve({
        userId: 'u1',
        limit: 1,
        sources: ['two-tower'],
        filter: { equals: { attribute: 'group', value: group } },
      });
      onVersion(modelVersion);
      if (candidates.length > 0) break;
      if (performance.now() - began > timeoutMs) throw new Error(`item new-${n} was not there after a minute`);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    ms.push(performance.now() - began);
    await writing;
  }
  return ms;
}

/** Reads quantiles, rounded. */
function sharesOf(ms: readonly number[]): (share: number) => number {
  const sorted = [...ms].sort((a, b) => a - b);
  return (share) => Math.round(sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]);
}

void main();
