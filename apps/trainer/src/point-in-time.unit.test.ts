import type { Impression } from '@gatehouse/domain';

import { nothingElse } from './cut-batches';
import { createPopularity } from '@gatehouse/evaluation';
import { readCanaries } from '@gatehouse/towers';

import { createLearner } from './learner';
import { createPrequential } from './prequential';
import { alwaysFresh, batchesOf, createWorld, useCpu, type World, worldImpressions, worldItems } from './world.fixture';

const click = (n: number, userId: string, itemId: string): Impression => ({
  eventId: `e${n}`,
  userId,
  itemId,
  eventTimeMs: 1000 * n,
  action: 'click',
});

const learnAll = (world: World, impressions: readonly Impression[]): void => {
  world.learner.learn({ impressions, ...nothingElse, endOffsets: {} });
};

/** The queries that the learner built, with the item that each was to predict, in order. */
const queriesOf = ({ learner }: World) => readCanaries(learner.snapshot()['canaries']);

describe('point in time', () => {
  useCpu();

  it('gives each event of one batch the events before it, its own never', () => {
    const world = createWorld();
    learnAll(world, [click(0, 'u', 'i0'), click(1, 'u', 'i1'), click(2, 'v', 'i2'), click(3, 'u', 'i1')]);
    const histories = queriesOf(world).map(({ query }) => query.history.map(({ itemId }) => itemId));
    expect(histories).toEqual([[], ['i0'], [], ['i0', 'i1']]);
  });

  it('lets no history hold its label event nor anything later, over a whole stream', async () => {
    const world = createWorld();
    const impressions = worldImpressions(120);
    for (const batch of await batchesOf(impressions, world.schema)) world.learner.learn(batch);

    const positives = impressions.filter(({ action }) => world.schema.actions[action].weight > 0);
    for (const [n, { query, nextItemId }] of queriesOf(world).entries()) {
      const { userId, itemId, eventTimeMs } = positives[n];
      expect([query.userId, nextItemId, query.requestTimeMs]).toEqual([userId, itemId, eventTimeMs]);
      const before = positives.slice(0, n).filter((each) => each.userId === userId);
      const expected = before.slice(-5).map((each) => ({ itemId: each.itemId, eventTimeMs: each.eventTimeMs }));
      expect(query.history).toEqual(expected);
    }
  });

  it('does not let later events into a query that was built already', () => {
    const { userState, learner } = createWorld();
    userState.apply([click(0, 'u', 'i0')], {});
    const query = learner.queryOf(click(1, 'u', 'i1'));
    userState.apply([click(1, 'u', 'i1'), click(2, 'u', 'i2')], {});
    expect(query.history.map(({ itemId }) => itemId)).toEqual(['i0']);
  });

  it('takes the profile of the user as it is now', () => {
    const { schema, catalogue, userState } = createWorld();
    let country = 'nz';
    const featuresOf = (userId: string) => (userId === 'u' ? { country } : {});
    const inputs = { schema, catalogue, userState, featuresOf, evaluation: alwaysFresh, eventWindow: 1 };
    const learner = createLearner(inputs);
    expect(learner.queryOf(click(0, 'u', 'i0')).features).toEqual({ country: 'nz' });
    country = 'fr';
    expect(learner.queryOf(click(1, 'u', 'i0')).features).toEqual({ country: 'fr' });
    expect(learner.queryOf(click(2, 'another', 'i0')).features).toEqual({});
  });
});

describe('evaluation', () => {
  useCpu();

  it('scores a batch with the parameters from before it', async () => {
    const [first, second] = [createWorld(), createWorld()];
    const [warmUp, batch] = await batchesOf(worldImpressions(60), first.schema);
    for (const { learner } of [first, second]) learner.learn(warmUp);

    // An untouched copy scores the same examples: learning the batch must not have changed what it scored.
    const copy = createPrequential(second.learner.model, second.catalogue, createPopularity('copy'), alwaysFresh);
    const history = structuredClone(second.userState.snapshot());
    const examples = batch.impressions.flatMap((impression) => {
      const query = second.learner.queryOf(impression);
      second.userState.apply([impression], {});
      const isPositive = second.schema.actions[impression.action].weight > 0;
      const candidate = second.catalogue.candidate(impression.itemId);
      return isPositive ? [{ query, candidate, weight: 1, shown: [], teacherScore: null }] : [];
    });
    second.userState.restore(history);
    const seenBefore = second.learner.parts.find(({ name }) => name === 'evaluation.seen')!;
    copy.parts.find(({ name }) => name === 'evaluation.seen')!.restore(seenBefore.snapshot());
    copy.score(examples);
    copy.dispose();

    const before = first.learner.prequential;
    first.learner.learn(batch);
    const after = first.learner.prequential;
    expect(copy.sums.evaluated).toBeGreaterThan(0);
    expect(after.evaluated - before.evaluated).toBe(copy.sums.evaluated);
    expect(after.hits - before.hits).toBeCloseTo(copy.sums.hits, 10);
  });

  it('takes out what the user has met, and counts popularity from before each event', () => {
    // A popularity that knows 10 items more often than the target: the target is 11th, and 10th once one of them is seen.
    const { learner, catalogue } = createWorld();
    const popularity = createPopularity('popularity');
    for (let i = 0; i < 10; i++) for (let n = 0; n < 5; n++) popularity.observe(`i${i}`);
    popularity.observe('i20');
    popularity.observe('i20');
    const prequential = createPrequential(learner.model, catalogue, popularity, alwaysFresh);
    const score = (userId: string, itemId: string): number => {
      const before = prequential.sums.popularityHits;
      const query = { userId, features: {}, history: [], context: {}, requestTimeMs: 0 };
      const candidate = catalogue.candidate(itemId);
      prequential.score([{ query, candidate, weight: 1, shown: [], teacherScore: null }]);
      return prequential.sums.popularityHits - before;
    };
    expect(score('u', 'i0')).toBe(1); // ten items share the first ten places
    expect(score('u', 'i20')).toBe(1); // i0 is seen: nine are ahead
    expect(score('v', 'i20')).toBe(0); // v has seen nothing: ten are ahead
    prequential.dispose();
  });

  it('scores only a share of users, and no item outside of the catalogue', () => {
    const score = (sampleRate: number) => {
      const { learner, catalogue } = createWorld();
      const prequential = createPrequential(learner.model, catalogue, createPopularity('p'), {
        ...alwaysFresh,
        sampleRate,
      });
      const examples = Array.from({ length: 200 }, (_, n) => ({
        query: { userId: `u${n}`, features: {}, history: [], context: {}, requestTimeMs: 0 },
        candidate: catalogue.candidate(n % 2 === 0 ? 'i0' : 'unknown'),
        weight: 1,
        shown: [],
        teacherScore: null,
      }));
      prequential.score(examples);
      prequential.dispose();
      return prequential.sums.evaluated;
    };
    expect(score(0)).toBe(0);
    expect(score(1)).toBe(100);
    const half = score(0.5);
    expect(half).toBeGreaterThan(30); // 50 expected, standard deviation 5
    expect(half).toBeLessThan(70);
  });

  it('learns and scores while the catalogue is empty', () => {
    const world = createWorld();
    world.catalogue.load([], 0);
    learnAll(world, [click(0, 'u', 'i0'), click(1, 'v', 'i1')]);
    expect(world.learner.prequential.evaluated).toBe(0);
    world.catalogue.load(worldItems, 0);
    learnAll(world, [click(2, 'u', 'i1')]);
    expect(world.learner.prequential.evaluated).toBe(1);
  });
});
