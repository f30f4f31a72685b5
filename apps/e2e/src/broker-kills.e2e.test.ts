import { readFile } from 'node:fs/promises';

import {
  brokerControl,
  createCleanup,
  createWorld,
  holdPort,
  kafkaBrokers,
  type TestProcess,
} from '@gatehouse/testing';

import { type Checkpoint, differingParts, readCheckpoint } from './read-checkpoint';
import { createWorkspace, type Workspace } from './workspace';

jest.setTimeout(400_000);

const brokers = kafkaBrokers();
const control = brokerControl();
const describeOutage = brokers && control ? describe : describe.skip;
const numbers = (brokers ?? []).map((_, n) => n + 1);
/** How long no broker answers. */
const outageS = Math.min(59, Number(process.env['E2E_OUTAGE_S'] ?? 59));
/** Events that happen meanwhile, and wait with their producer. */
const inputPerSecond = 100;
const before = 600;

const batchSize = 16;
const world = createWorld({
  seed: 7,
  users: 40,
  items: 80,
  groups: 4,
  events: before + inputPerSecond * outageS,
  shownShare: 0.1,
});
const clicks = world.impressions.filter(({ action }) => action === 'click').length;
const applied = clicks - (clicks % batchSize);

function waitForEvents(trainer: TestProcess, atLeast: number): Promise<unknown> {
  return trainer.waitForLine(({ msg, events }) => msg === 'model.published' && Number(events) >= atLeast, {
    what: `a version of ${atLeast} events`,
    timeoutMs: 90_000,
  });
}

async function finish(workspace: Workspace, trainer: TestProcess): Promise<Checkpoint> {
  await waitForEvents(trainer, applied);
  expect(await trainer.kill('SIGTERM')).toEqual({ code: 0, signal: null });
  return readCheckpoint(workspace.artifactsFolder);
}

/** Resident memory of a process, in bytes. */
async function residentBytes({ lines }: TestProcess): Promise<number> {
  const [, pages] = (await readFile(`/proc/${String(lines[0]['pid'])}/statm`, 'utf8')).split(' ');
  return Number(pages) * 4096;
}

const ways: readonly (readonly [string, (number: number) => Promise<void>, (number: number) => Promise<void>])[] = [
  ['paused', (n) => control!.pause(n), (n) => control!.resume(n)],
  // Started one after the other, several could not form a quorum.
  ...(numbers.length === 1
    ? ([['killed', (n: number) => control!.kill(n), (n: number) => control!.start(n)]] as const)
    : []),
];

describeOutage('a trainer whose brokers are all away', () => {
  const cleanup = createCleanup();
  afterEach(() => cleanup.run());

  it.each(ways)('waits, says so, and learns the rest as if nothing had been (%s)', async (_, away, back) => {
    const expected = await (async () => {
      const workspace = await createWorkspace(cleanup, { brokers });
      await workspace.ingest(world.impressions, world.items);
      const trainer = workspace.start('trainer', { PUBLISH_EVERY_EVENTS: 1_000_000, PUBLISH_AFTER_IDLE_MS: 300 });
      return finish(workspace, trainer);
    })();

    const workspace = await createWorkspace(cleanup, { brokers });
    await workspace.ingest(world.impressions.slice(0, before), world.items);
    const held = createCleanup();
    const port = await holdPort(held);
    await held.run();
    const settings = { PUBLISH_EVERY_EVENTS: 64, PUBLISH_AFTER_IDLE_MS: 300, DIAGNOSTICS_METRICS_PORT: port };
    const trainer = workspace.start('trainer', settings);
    const statusOf = async (path: string): Promise<number> => (await fetch(`http://127.0.0.1:${port}${path}`)).status;
    const until = async (what: string, isSo: () => Promise<boolean>): Promise<void> => {
      const deadline = performance.now() + 60_000;
      while (!(await isSo())) {
        if (performance.now() > deadline) throw new Error(`waited 60 s for ${what}`);
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    };
    await waitForEvents(trainer, 448);
    await until('readiness', async () => (await statusOf('/readyz')) === 200);
    const residentBefore = await residentBytes(trainer);

    const wentMs = performance.now();
    await Promise.all(numbers.map(away));
    await until('the end of readiness', async () => (await statusOf('/readyz')) === 503);
    let most = residentBefore;
    await until('the end of the outage', async () => {
      most = Math.max(most, await residentBytes(trainer));
      expect(await statusOf('/livez')).toBe(200);
      return performance.now() - wentMs > 1000 * outageS;
    });
    await Promise.all(numbers.map(back));
    const backMs = performance.now();
    await until('readiness', async () => (await statusOf('/readyz')) === 200);
    const readyMs = performance.now() - backMs;
    await workspace.ingest(world.impressions.slice(before), undefined);

    await waitForEvents(trainer, applied);
    const catchUpPerSecond = (inputPerSecond * outageS) / ((performance.now() - backMs) / 1000);
    const reached = await finish(workspace, trainer);
    const figures = {
      outageMs: Math.round(backMs - wentMs),
      readyMs,
      residentBefore,
      most,
      inputPerSecond,
      catchUpPerSecond,
    };
    process.stdout.write(`${JSON.stringify(figures)}\n`);
    expect(reached.counts).toEqual(expected.counts);
    expect(differingParts(reached, expected).filter((name) => name !== 'catalogue')).toEqual([]);
    expect(most).toBeLessThan(1.1 * residentBefore);
  });
});
