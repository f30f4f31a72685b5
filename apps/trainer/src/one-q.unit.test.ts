import { createRandom, type Impression } from '@gatehouse/domain';

import { type ImpressionBatch, nothingElse } from './cut-batches';
import {
  alwaysFresh,
  batchesOf,
  createWorld,
  useCpu,
  type World,
  worldImpressions,
  worldItems,
  worldSchema,
} from './world.fixture';

describe('one Q for all candidates', () => {
  useCpu();

  /**
   * The loss of one update, computed apart: with vectors q_i, c_j, temperature tau and N = 39 available items,
   * Q_j = (B - 1) p_j + M / N (the second term in the catalogue only), l_ij = q_i c_j / tau - log Q_j over the other slots whose item is
   * not the row's own, L_i = log(exp(s_ii / tau) + sum_j exp(l_ij)) - s_ii / tau, and the loss is the weighted mean of L_i.
   */
  function expectedLoss(world: World, impressions: readonly Impression[], counts: Map<string, number>): number {
    const { schema, learner, catalogue, userState } = world;
    const uniform = schema.negatives.uniform;
    const copy = structuredClone(userState.snapshot());
    const queries = impressions.map((impression) => {
      const query = learner.queryOf(impression);
      userState.apply([impression], userState.offsets);
      return query;
    });
    userState.restore(copy);
    const random = createRandom('random.negatives', 0);
    random.restore(learner.parts.find(({ name }) => name === 'random.negatives')!.snapshot());
    const drawn = Array.from({ length: uniform }, () => catalogue.items[random.below(catalogue.items.length)]);
    const candidates = [...impressions.map(({ itemId }) => catalogue.candidate(itemId)), ...drawn];

    const q = learner.model.query.embed(queries);
    const c = learner.model.candidate.embed(candidates);
    const score = (i: number, j: number): number => {
      let dot = 0;
      for (let d = 0; d < 8; d++) dot += q[8 * i + d] * c[8 * j + d];
      return dot / schema.score.temperature;
    };
    const draws = [...counts.values()].reduce((sum, each) => sum + each, 0);
    const logQ = candidates.map(({ itemId }) => {
      const perDraw = (counts.get(itemId) ?? 0) > 0 ? counts.get(itemId)! / draws : 1 / (draws + 1);
      const isHere = catalogue.positionOf(itemId) !== undefined;
      return Math.log((impressions.length - 1) * perDraw + (isHere ? uniform / catalogue.items.length : 0));
    });
    let [loss, weights] = [0, 0];
    impressions.forEach(({ itemId, action }, i) => {
      let sum = Math.exp(score(i, i));
      candidates.forEach((candidate, j) => {
        if (candidate.itemId !== itemId) sum += Math.exp(score(i, j) - logQ[j]);
      });
      const { weight } = schema.actions[action];
      loss += weight * (Math.log(sum) - score(i, i));
      weights += weight;
    });
    return loss / weights;
  }

  it('gives the loss of the formula for in-batch and uniform candidates, weighted, with the batch counted before', async () => {
    const base = worldSchema();
    const schema = worldSchema({
      estimator: { kind: 'exact' },
      score: { ...base.score, learnTemperature: false },
      negatives: { ...base.negatives, popularity: 0, memory: 0, hard: 0 },
      training: { ...base.training, updatesPerBatch: 1 },
      query: { ...base.query, features: base.query.features.map((each) => ({ ...each, dropout: 0 })) },
      candidate: { ...base.candidate, features: base.candidate.features.map((each) => ({ ...each, dropout: 0 })) },
    });
    const world = createWorld(schema, alwaysFresh);
    const positivesOf = ({ impressions }: ImpressionBatch) =>
      impressions.filter(({ action }) => schema.actions[action].weight > 0);

    // First every user and every item once, so that no row is new afterwards: a new row's values are drawn within the step.
    const everyone: Impression[] = [...worldItems.map(({ itemId }) => itemId), 'unknown'].map((itemId, n) => ({
      eventId: `first-${n}`,
      userId: `u${n % 30}`,
      itemId,
      eventTimeMs: n,
      action: 'click',
    }));
    world.learner.learn({ impressions: everyone, ...nothingElse, endOffsets: {} });
    const counts = new Map(everyone.map(({ itemId }) => [itemId, 1]));

    const batches = await batchesOf(worldImpressions(150, 3), schema);
    for (const batch of batches) {
      const positives = positivesOf(batch);
      for (const { itemId } of positives) counts.set(itemId, (counts.get(itemId) ?? 0) + 1);
      const expected = expectedLoss(world, positives, counts);
      expect(world.learner.learn(batch).loss).toBeCloseTo(expected, 4);
    }
    expect(batches.length).toBeGreaterThan(10);
  });
});
