import { isDeepStrictEqual } from 'node:util';

import { hashIds, type Snapshot, type StateTensor } from '@gatehouse/domain';
import { createFrequencyEstimator } from '@gatehouse/sampling';
import { canariesPart, NonFiniteStepError, readCanaries } from '@gatehouse/towers';

import { type ImpressionBatch, nothingElse } from './cut-batches';
import type { Diagnostics } from './diagnostics';
import type { Learner } from './learner';
import { batchesOf, createWorld, useCpu, type World, worldImpressions, worldSchema } from './world.fixture';

type Parts = Readonly<Record<string, Snapshot>>;

/** Vectors that last for many batches: what is kept of them must not change what a resumed run does. */
const evaluation = { sampleRate: 0.8, maxStalenessSteps: 12 };
const before = 5;
const batchCount = 9;

/** One value of a tensor, changed. */
function changed({ tensors, metadata }: Snapshot, name: string, change: (data: StateTensor['data']) => void): Snapshot {
  const copy = structuredClone(tensors[name]);
  change(copy.data);
  return { tensors: { ...tensors, [name]: copy }, metadata };
}

/** One value of JSON kept as bytes, changed. */
function rewritten(snapshot: Snapshot, name: string, pattern: RegExp, by: string): Snapshot {
  const text = new TextDecoder().decode(snapshot.tensors[name].data);
  expect(text).toMatch(pattern);
  const data = new TextEncoder().encode(text.replace(pattern, by));
  return { ...snapshot, tensors: { ...snapshot.tensors, [name]: { dtype: 'U8', shape: [data.length], data } } };
}

const addOne = (data: StateTensor['data']): void => {
  data[0]++;
};

/** Every part of a checkpoint, with a change of one value that the run must notice. A part that is added belongs into this list. */
const PARTS: readonly (readonly [name: string, perturb: (snapshot: Snapshot) => Snapshot])[] = [
  ['table.users', (part) => changed(part, 'values', addOne)],
  ['table.items', (part) => changed(part, 'values', addOne)],
  ['table.genres', (part) => changed(part, 'values', (data) => (data[8] += 1))], // row 1: the first genre
  ['query.dense', (part) => changed(part, 'weights', addOne)],
  ['candidate.dense', (part) => changed(part, 'weights', addOne)],
  ['table.users.adagrad', (part) => changed(part, 'accumulators', addOne)],
  ['table.items.adagrad', (part) => changed(part, 'accumulators', addOne)],
  ['table.genres.adagrad', (part) => changed(part, 'accumulators', (data) => (data[1] += 1))],
  ['query.dense.adam', (part) => changed(part, 'mean', addOne)],
  ['candidate.dense.adam', (part) => changed(part, 'clock', addOne)],
  ['temperature', (part) => changed(part, 'logScale', addOne)],
  ['temperature.adam', (part) => changed(part, 'clock', addOne)],
  ['frequency', (part) => changed(part, 'clock', addOne)],
  ['frequency.check', (part) => rewritten(part, 'ring', /"i\d+"/, '"other"')],
  ['negatives.recent', (part) => rewritten(part, 'ring', /"i\d+"/g, '"i39"')],
  ['negatives.memory', (part) => changed(part, 'vectors', addOne)],
  ['negatives.shown', (part) => rewritten(part, 'users', /"itemId":"i\d+"/g, '"itemId":"i17"')],
  ['random.hard', (part) => changed(part, 'state', addOne)],
  ['random.rows', (part) => changed(part, 'state', addOne)],
  ['random.dropout', (part) => changed(part, 'state', addOne)],
  ['random.negatives', (part) => changed(part, 'state', addOne)],
  ['user-state', (part) => changed(part, 'history-items', (data) => (data[data.length - 1] ^= 1))],
  ['catalogue', (part) => rewritten(part, 'items', /"g0"/, '"g1"')],
  ['popularity', (part) => changed(part, 'counts', (data) => (data[data.length >> 1] += 50))],
  ['evaluation.seen', (part) => rewritten(part, 'users', /"i\d+"/g, '"unknown"')],
  ['evaluation.sums', (part) => changed(part, 'sums', addOne)],
  ['canary-queries', (part) => changedCanary(part)],
  ['outcomes', (part) => rewritten(part, 'partitions', /\\"r\d+-\d+\\"/g, '\\"another\\"')],
  ['events.recent', (part) => changed(part, 'generation.0', addOne)],
  ['progress', (part) => changed(part, 'counts', addOne)],
];

function changedCanary({ tensors, metadata }: Snapshot): Snapshot {
  const text = new TextDecoder().decode(tensors['entries'].data);
  const entries = JSON.parse(text) as { query: { userId: string } }[];
  entries[0].query.userId = 'somebody else';
  const data = new TextEncoder().encode(JSON.stringify(entries));
  return { tensors: { entries: { dtype: 'U8', shape: [data.length], data } }, metadata };
}

/** A whole copy: snapshots alias live state. */
const saved = ({ learner }: World): Parts => structuredClone(learner.snapshot());

const without = (parts: Parts, name: string): Parts =>
  Object.fromEntries(Object.entries(parts).filter(([other]) => other !== name));

/** What a run shows to the outside, the part itself apart: what it feeds must differ, not only what was changed. */
const diagnostics = new WeakMap<Learner, Diagnostics | undefined>();

function effects({ learner }: World, name: string): unknown {
  const { counts, prequential } = learner;
  return { others: without(learner.snapshot(), name), counts, prequential, diagnostics: diagnostics.get(learner) };
}

describe('createLearner', () => {
  useCpu();

  let batches: ImpressionBatch[];
  let checkpoint: Parts;
  /** What a learner holds that never stopped after the checkpoint. */
  let uninterrupted: World;
  beforeAll(async () => {
    batches = await batchesOf(worldImpressions(110), worldSchema());
    expect(batches.length).toBeGreaterThanOrEqual(batchCount);
    uninterrupted = learnTo(createWorld(worldSchema(), evaluation), 0, before);
    checkpoint = saved(uninterrupted);
    learnTo(uninterrupted, before, batchCount);
  });

  const learnTo = (world: World, from: number, to: number): World => {
    for (let b = from; b < to; b++) {
      if (b === before + 1) world.catalogue.apply([{ key: 'i3', value: null, offset: 40 }]); // positions move
      diagnostics.set(world.learner, world.learner.learn(batches[b]).diagnostics);
    }
    return world;
  };
  const resumed = (parts: Parts, world = createWorld(worldSchema(), evaluation)): World => {
    world.learner.restore(structuredClone(parts), { impressions: { 0: 1 } });
    return learnTo(world, before, batchCount);
  };

  it('registers exactly the parts that these tests know, each under a name of its own', () => {
    expect(createWorld().learner.parts.map(({ name }) => name)).toEqual(PARTS.map(([name]) => name));
    expect(new Set(PARTS.map(([name]) => name)).size).toBe(PARTS.length);
  });

  it('goes on from a checkpoint bit for bit as one that never stopped', () => {
    expect(saved(resumed(checkpoint))).toEqual(saved(uninterrupted));
  });

  it('forgets all it knew when it is restored', () => {
    const used = createWorld(worldSchema(), evaluation);
    for (const batch of batches.slice(6)) used.learner.learn(batch);
    expect(saved(resumed(checkpoint, used))).toEqual(saved(uninterrupted));
  });

  it.each(PARTS)('notices one changed value of %s', (name, perturb) => {
    const bent = resumed({ ...checkpoint, [name]: perturb(checkpoint[name]) });
    expect(isDeepStrictEqual(effects(bent, name), effects(uninterrupted, name))).toBe(false);
  });

  it('refuses a checkpoint that lacks any part', () => {
    const { learner } = createWorld();
    for (const [name] of PARTS) {
      const others = structuredClone(without(checkpoint, name));
      expect(() => learner.restore(others, {})).toThrow(new RegExp(`expected part ${name}, found`));
    }
  });

  it('moves its offsets and those of the user state together, over all partitions', () => {
    const { learner, userState } = createWorld();
    const at = (partition: number, offset: number) => ({ impressions: { [partition]: offset } });
    const [first, second, third] = batches;
    learner.learn({ ...first, endOffsets: at(0, 9) });
    learner.learn({ ...second, endOffsets: at(1, 5) });
    expect(learner.offsets).toEqual({ impressions: { 0: 9, 1: 5 } });
    expect(userState.offsets).toEqual(learner.offsets);
    learner.learn({ ...third, endOffsets: at(0, 20) });
    expect(learner.offsets).toEqual({ impressions: { 0: 20, 1: 5 } });
    expect(userState.offsets).toEqual(learner.offsets);
  });

  it.each([1, 3])('lets the estimator observe each batch once with %d updates', (updatesPerBatch) => {
    const schema = worldSchema();
    const { learner } = createWorld({ ...schema, training: { ...schema.training, updatesPerBatch } });
    const expected = createFrequencyEstimator('frequency', schema.estimator);
    for (const batch of batches.slice(0, 4)) {
      learner.learn(batch);
      const positives = batch.impressions.filter(({ action }) => schema.actions[action].weight > 0);
      expected.observe(hashIds(positives.map(({ itemId }) => itemId)));
    }
    expect(learner.snapshot()['frequency']).toEqual(expected.snapshot());
  });

  it('carries its schema and a canary per event, whose vectors are those of its own query tower', () => {
    const { learner, schema } = learnTo(createWorld(), 0, 3);
    const canaries = readCanaries(learner.snapshot()[canariesPart]);
    expect(canaries).toHaveLength(3 * schema.training.batchSize);
    const vectors = learner.model.query.embed(canaries.map(({ query }) => query));
    canaries.forEach(({ vector }, c) => expect(vector).toEqual(vectors.slice(c * 8, (c + 1) * 8)));
    expect(learner.snapshot()['schema'].metadata).toEqual(schema);
  });

  it('moves on over a batch without positives, and learns nothing from it', () => {
    const { learner } = createWorld();
    const before = structuredClone(learner.model.parts.map((part) => part.snapshot()));
    expect(learner.learn({ impressions: [], ...nothingElse, endOffsets: { impressions: { 0: 640 } } })).toEqual({
      loss: undefined,
    });
    expect(learner.model.parts.map((part) => part.snapshot())).toEqual(before);
    expect(learner.offsets).toEqual({ impressions: { 0: 640 } });
    expect(learner.counts).toMatchObject({ applied: 0, batches: 0, lossSum: 0 });
  });

  it('measures learning after every so many batches', () => {
    const every = (measureEveryBatches: number): (Diagnostics | undefined)[] => {
      const { learner } = createWorld(worldSchema(), evaluation, measureEveryBatches);
      return batches.slice(0, 4).map((batch) => learner.learn(batch).diagnostics);
    };
    expect(every(2).map((each) => each !== undefined)).toEqual([false, true, false, true]);
    const last = every(1)[3]!;
    for (const [figure, value] of Object.entries(last)) {
      if (typeof value === 'number')
        expect({ figure, isFinite: Number.isFinite(value) }).toEqual({ figure, isFinite: true });
    }
    expect(last.effectiveNegatives).toBeGreaterThan(1);
    expect(last.effectiveNegatives).toBeLessThan(8 + 6 + 3 + 6 + 2);
    expect(last.positivePopularity).toBeGreaterThan(1 / 40);
    expect(last.topPopularity).toBeGreaterThan(0);
    expect(last).toMatchObject({ stage: 'steady', hardShare: 0.5, learningRateScale: 1 });
    expect(last.tables['items'].ids).toBeGreaterThan(10);
  });

  it('gives up a batch whose loss is not finite, changes no weight and counts it', () => {
    const { learner } = learnTo(createWorld(), 0, 2);
    const broken = structuredClone(learner.snapshot());
    broken['query.dense'].tensors['weights'].data.fill(NaN);
    const other = createWorld();
    other.learner.restore(broken, {});
    const { values } = other.learner.model.tables.get('items')!;
    const weights = structuredClone(values.slabs[0]);
    const outcome = other.learner.learn(batches[2]);
    expect(outcome).toMatchObject({ loss: undefined, refused: { quantity: 'loss' } });
    expect(outcome.refused).toBeInstanceOf(NonFiniteStepError);
    expect(values.slabs[0].slice(0, weights.length)).toEqual(weights);
    expect(other.learner.counts).toMatchObject({ batches: 2, applied: 16, skipped: 8, refused: 1, refusedInRow: 1 });
    expect(other.learner.offsets).toEqual(batches[2].endOffsets);
  });
});
