import { createCandidateClient } from '@gatehouse/client';
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
import { createWorkspace } from '../src/workspace';

/*
 * From a new item in the catalogue to the first answer that has it, with processes of their own, while versions come and go. The clock
 * starts before the item is handed to the log, so its record is younger. Writes docs/benchmarks.md and reports/bench-freshness.json.
 */
const newItems = process.argv.includes('--quick') ? 5 : 60;
const timeoutMs = 60_000;
const world = createWorld({ seed: 19, users: 200, items: 2000, groups: 4, events: 12_000 });
const eventsAtOnce = 200;

async function main(): Promise<void> {
  const [brokers, qdrant] = [kafkaBrokers(), qdrantUrl()];
  const cleanup = createCleanup();
  try {
    const workspace = await createWorkspace(cleanup, { brokers, qdrant });
    await workspace.ingest(world.impressions.slice(0, 2000), world.items);
    const settings = { PUBLISH_EVERY_EVENTS: 256, BACKEND: '[native, wasm, cpu]', ARTIFACTS_KEEP: 50 };
    const trainer = workspace.start('trainer', settings);
    await trainer.waitForLine(({ msg }) => msg === 'model.published', { what: 'a version', timeoutMs });
    workspace.start('embedder', { BACKEND: '[native, wasm, cpu]' });
    const port = await servingPort(workspace.start('retriever'));
    const client = createCandidateClient({ address: `127.0.0.1:${port}`, deadlineMs: 10_000 });
    cleanup.add(() => client.close());

    const ms: number[] = [];
    const versions = new Set<string>();
    for (let n = 0; n < newItems; n++) {
      if (n % 3 === 0) {
        const from = 2000 + (n / 3) * eventsAtOnce;
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
        versions.add(modelVersion);
        if (candidates.length > 0) break;
        if (performance.now() - began > timeoutMs) throw new Error(`item new-${n} was not there after a minute`);
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      ms.push(performance.now() - began);
      await writing;
    }
    ms.sort((a, b) => a - b);
    const at = (share: number): number => Math.round(ms[Math.min(ms.length - 1, Math.floor(share * ms.length))]);
    const report = {
      machine: describeMachine(),
      log: brokers ? 'kafka' : 'embedded',
      index: qdrant ? 'qdrant' : 'embedded',
      newItems,
      versions: versions.size,
      newItemP50Ms: at(0.5),
      newItemP95Ms: at(0.95),
      newItemMaxMs: at(1),
    };
    console.log(report);
    writeResult('reports/bench-freshness.json', `${JSON.stringify(report, undefined, 2)}\n`);
    if (newItems < 60) return;
    const row = [report.log, report.index, report.newItemP50Ms, report.newItemP95Ms, report.newItemMaxMs].map(String);
    writeSection(
      'docs/benchmarks.md',
      'freshness',
      `${machineLine(describeMachine())}

${newItems} new items, one after the other, into a catalogue of ${world.items.length.toLocaleString('en')} while ${versions.size} model versions served. Milliseconds from the start of
\`gatehouse ingest\` (about half a second of it is the start of that command) to the first answer that has the item.

${markdownTable(['event log', 'index', 'p50', 'p95', 'most'], [row])}`,
    );
  } finally {
    await cleanup.run();
  }
}

void main();
