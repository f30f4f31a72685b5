import { type Cleanup, createCleanup, createWorld, kafkaBrokers, type TestProcess } from '@gatehouse/testing';

import { type Checkpoint, differingParts, readCheckpoint } from './read-checkpoint';
import { createWorkspace, type Workspace } from './workspace';

jest.setTimeout(180_000);

const brokers = kafkaBrokers();
const describeKafka = brokers ? describe : describe.skip;

const batchSize = 16;
const world = createWorld({ seed: 6, users: 40, items: 80, groups: 4, events: 1200, shownShare: 0.1 });
const clicks = world.impressions.filter(({ action }) => action === 'click').length;
const applied = clicks - (clicks % batchSize);
const settings = { PUBLISH_EVERY_EVENTS: 2 * batchSize, PUBLISH_AFTER_IDLE_MS: 300, CHECKPOINT_EVERY_MS: 50 };
/** A session of 6 s must end before the broker says that a member is gone; the rest is for this machine. */
const electionMs = 40_000;

const epochOf = (trainer: TestProcess): number =>
  Number(trainer.lines.filter(({ msg }) => msg === 'lead.taken').at(-1)?.['epoch'] ?? 0);

/** A trainer that stands by once it has joined. */
async function standBy(workspace: Workspace): Promise<TestProcess> {
  const trainer = workspace.start('trainer', settings);
  await trainer.waitForLine(({ msg, partitions }) => msg === 'group.joined' && partitions === 0, {
    what: 'a place in the group',
    timeoutMs: electionMs,
  });
  return trainer;
}

async function leadingOf(trainers: readonly TestProcess[], epoch: number): Promise<TestProcess> {
  return Promise.any(
    trainers.map(async (trainer) => {
      await trainer.waitForLine((line) => line.msg === 'lead.taken' && line['epoch'] === epoch, {
        what: `the lead in epoch ${epoch}`,
        timeoutMs: electionMs,
      });
      return trainer;
    }),
  );
}

function waitForEvents(trainer: TestProcess, atLeast: number): Promise<unknown> {
  return trainer.waitForLine(({ msg, events }) => msg === 'model.published' && Number(events) >= atLeast, {
    what: `a version of ${atLeast} events`,
    timeoutMs: electionMs,
  });
}

async function uninterrupted(cleanup: Cleanup): Promise<Checkpoint> {
  const workspace = await createWorkspace(cleanup, { brokers });
  await workspace.ingest(world.impressions, world.items);
  const trainer = workspace.start('trainer', { PUBLISH_EVERY_EVENTS: 1_000_000, PUBLISH_AFTER_IDLE_MS: 300 });
  await waitForEvents(trainer, applied);
  expect(await trainer.kill('SIGTERM')).toEqual({ code: 0, signal: null });
  return readCheckpoint(workspace.artifactsFolder);
}

describeKafka('trainers of one group', () => {
  const cleanup = createCleanup();
  afterEach(() => cleanup.run());

  it('hand over the lead, and learn every event once: 1 to 3 to 1, a paused leader, a rolling restart', async () => {
    const expected = await uninterrupted(cleanup);
    const workspace = await createWorkspace(cleanup, { brokers });
    const part = (from: number, to: number) => workspace.ingest(world.impressions.slice(from, to), undefined);
    await workspace.ingest(world.impressions.slice(0, 400), world.items);

    const first = workspace.start('trainer', settings);
    await leadingOf([first], 1);
    const second = await standBy(workspace);
    const third = await standBy(workspace);
    await waitForEvents(first, 200);
    expect(epochOf(first)).toBe(1); // those who came have not moved the lead

    void first.kill('SIGSTOP');
    await part(400, 800);
    const leader = await leadingOf([second, third], 2);
    await waitForEvents(leader, 500);
    const publishedBefore = first.lines.filter(({ msg }) => msg === 'model.published').length;
    void first.kill('SIGCONT');
    await first.waitForLine(({ msg }) => msg === 'lead.lost', { what: 'that it has lost the lead', timeoutMs: 40_000 });
    expect(first.lines.filter(({ msg }) => msg === 'model.published')).toHaveLength(publishedBefore);
    expect(epochOf(leader)).toBe(2);

    // A rolling restart: the leader goes in order, and what it had learned is saved; one that has begun anew stands by.
    expect(await leader.kill('SIGTERM')).toEqual({ code: 0, signal: null });
    const rest = [first, second, third].filter((trainer) => trainer !== leader);
    const next = await leadingOf(rest, 3);
    const renewed = await standBy(workspace);
    await part(800, 1200);
    await waitForEvents(next, applied);

    // Back to one.
    for (const trainer of rest.filter((each) => each !== next)) {
      expect(await trainer.kill('SIGTERM')).toEqual({ code: 0, signal: null });
    }
    expect(await next.kill('SIGTERM')).toEqual({ code: 0, signal: null });
    await leadingOf([renewed], 4);
    expect(await renewed.kill('SIGTERM')).toEqual({ code: 0, signal: null });

    const reached = await readCheckpoint(workspace.artifactsFolder);
    expect(reached.counts).toEqual(expected.counts);
    expect(reached.offset).toBe(expected.offset);
    // The catalogue differs in its offset alone: an ingest puts items that its events name.
    expect(differingParts(reached, expected).filter((name) => name !== 'catalogue')).toEqual([]);
  });
});
