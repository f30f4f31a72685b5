import { createRandom, type Random } from '@gatehouse/domain';

/** One life of the trainer, and the moment that ends it. */
export interface Kill {
  /** As `kill-at.cjs` takes it. */
  readonly killAt: string;
  readonly settings: { readonly CHECKPOINT_EVERY_MS: number };
}

/** Milliseconds between checkpoints: after every batch, or never, so that batches are learned again after a kill. */
const afterEveryBatch = 1;
const never = 1_000_000;

type DrawKill = (random: Random, hasCheckpoint: boolean) => Kill;

function kill(killAt: string, checkpointEveryMs: number): Kill {
  return { killAt, settings: { CHECKPOINT_EVERY_MS: checkpointEveryMs } };
}

/** Each kind of moment, with its n-th occurrence bounded so that a life learns a few batches at most. */
const drawKinds: readonly DrawKill[] = [
  (random, hasCheckpoint) => {
    const moments = ['line:trainer.starting#1', 'call:mkdir#3', 'call:rename#2']; // the latter: while it takes its epoch
    if (hasCheckpoint) moments.push('line:checkpoint.resumed#1');
    return kill(moments[random.below(moments.length)], never);
  },
  (random) => kill(`line:impressions.learned#${1 + random.below(7)}`, random.next() < 0.5 ? never : afterEveryBatch),
  (random) => kill(`line:model.published#${1 + random.below(2)}`, never),
  (random) => kill(`line:checkpoint.saved#${1 + random.below(5)}`, afterEveryBatch),
  (random) => {
    // Calls during one save: about 30 to open, write and sync files, one to make a folder, one to remove leftovers, three renames.
    const [call, most] = [
      ['open', 150],
      ['write', 120],
      ['sync', 150],
      ['rename', 12],
      ['rm', 5],
    ][random.below(5)] as [string, number];
    return kill(`call:${call}#${1 + random.below(most)}`, afterEveryBatch);
  },
];

/** How many kills a plan has: one of each kind. */
export const killsPerPlan = drawKinds.length;

/**
 * Draws the kills of one run, one of each kind in random order: during start-up, while learning, right after a version was published,
 * right after a checkpoint was saved, and within the writing of one.
 */
export function drawKillPlan(seed: number): Kill[] {
  const random = createRandom('kills', seed);
  const kinds = [...drawKinds];
  const plan: Kill[] = [];
  while (kinds.length > 0) {
    const [drawKill] = kinds.splice(random.below(kinds.length), 1);
    const hasCheckpoint = plan.some(({ killAt }) => /published|saved/.test(killAt));
    plan.push(drawKill(random, hasCheckpoint));
  }
  return plan;
}

/** Seeds of a test, from `E2E_SEED` (1) on; as many as it takes for `E2E_KILL_POINTS` (5) kills. */
export function killSeeds(killsPerSeed: number): number[] {
  const first = Number(process.env['E2E_SEED'] ?? 1);
  const kills = Number(process.env['E2E_KILL_POINTS'] ?? 5);
  return Array.from({ length: Math.ceil(kills / killsPerSeed) }, (_, i) => first + i);
}
