import { createRandom, type Random } from '@gatehouse/domain';

/** When a life of the trainer ends: a cell of the kill matrix. */
export type Moment = 'starting' | 'electing' | 'mid-batch' | 'published' | 'saved' | 'mid-checkpoint' | 'mid-publish';

/** One life of the trainer, and what ends it. */
export interface Kill {
  readonly moment: Moment;
  /** As `kill-at.cjs` takes it. */
  readonly killAt: string;
  readonly settings: { readonly CHECKPOINT_EVERY_MS: number };
}

/** Milliseconds between checkpoints: after every batch, or never, so that batches are learned again after a kill. */
const afterEveryBatch = 1;
const never = 1_000_000;

type Draw = (random: Random, hasCheckpoint: boolean) => readonly [killAt: string, checkpointEveryMs: number];

const oneOf = <T>(random: Random, choices: readonly T[]): T => choices[random.below(choices.length)];

/** The n-th of one kind of call, n drawn from 1 to the number that each kind has. */
function drawCall(random: Random, most: Readonly<Record<string, number>>): string {
  const [call, count] = oneOf(random, Object.entries(most));
  return `call:${call}#${1 + random.below(count)}`;
}

/**
 * Each moment, with its n-th occurrence bounded so that a life learns a few batches at most. One save makes about 30 calls to open, write
 * and sync files, one to make a folder, one to remove leftovers, three renames; taking the lead makes a few before.
 */
const draws: Readonly<Record<Moment, Draw>> = {
  starting: (random, hasCheckpoint) => {
    const resumed = hasCheckpoint ? ['line:checkpoint.resumed#1'] : [];
    return [oneOf(random, ['line:trainer.starting#1', 'call:mkdir#3', 'call:rename#2', ...resumed]), never]; // renames take the epoch
  },
  electing: (random) => [oneOf(random, ['line:lead.awaited#1', 'line:lead.taken#1']), never],
  'mid-batch': (random) => [
    `line:impressions.learned#${1 + random.below(7)}`,
    random.next() < 0.5 ? never : afterEveryBatch,
  ],
  published: (random) => [`line:model.published#${1 + random.below(2)}`, never],
  saved: (random) => [`line:checkpoint.saved#${1 + random.below(5)}`, afterEveryBatch],
  'mid-checkpoint': (random) => [
    drawCall(random, { open: 150, write: 120, sync: 150, rename: 12, rm: 5 }),
    afterEveryBatch,
  ],
  'mid-publish': (random) => [drawCall(random, { open: 30, write: 25, sync: 30, rename: 4, rm: 1 }), never],
};

/** How many kills a plan has: one at each moment. */
export const killsPerPlan = Object.keys(draws).length;

/** Draws the kills of one run, one at each moment, in random order. */
export function drawKillPlan(seed: number): Kill[] {
  const random = createRandom('kills', seed);
  const moments = Object.keys(draws) as Moment[];
  const plan: Kill[] = [];
  while (moments.length > 0) {
    const [moment] = moments.splice(random.below(moments.length), 1);
    const hasCheckpoint = plan.some((kill) => kill.moment === 'published' || kill.moment === 'saved');
    const [killAt, checkpointEveryMs] = draws[moment](random, hasCheckpoint);
    plan.push({ moment, killAt, settings: { CHECKPOINT_EVERY_MS: checkpointEveryMs } });
  }
  return plan;
}

/** Seeds of a test, from `E2E_SEED` (1) on; as many as it takes for `E2E_KILL_POINTS` kills. @param fewest kills without that. */
export function killSeeds(killsPerSeed: number, fewest = killsPerSeed): number[] {
  const first = Number(process.env['E2E_SEED'] ?? 1);
  const kills = Number(process.env['E2E_KILL_POINTS'] ?? fewest);
  return Array.from({ length: Math.ceil(kills / killsPerSeed) }, (_, i) => first + i);
}
