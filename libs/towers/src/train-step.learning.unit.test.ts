import { createRandom, type Random } from '@gatehouse/domain';
import type { Schema } from '@gatehouse/schema';

import { testBatch, testItem, testQuery, testSchema } from './test-schema.fixture';
import { createTrainStep } from './train-step';
import { createTwoTowerModel } from './two-tower-model';
import { backendsUnderTest, useBackend } from './use-backend.fixture';

const { tables, query, candidate } = testSchema();
const count = 6; // of users, and of items
const size = 8; // of a batch

const changes: { name: string; change: Partial<Schema> }[] = [
  {
    name: 'matrix factorisation',
    change: {
      query: { ...query, features: query.features.slice(0, 1) },
      score: { similarity: 'dot', temperature: 1, learnTemperature: false },
    },
  },
  {
    name: 'hidden layers',
    change: { query: { ...query, combine: 'concat', layers: [5] }, candidate: { ...candidate, layers: [5] } },
  },
];

/** Users of a batch with the item that each took: even users like even items, odd users odd ones. */
function checkerboard(random: Random): { user: number; item: number }[] {
  return Array.from({ length: size }, () => {
    const user = random.below(count);
    return { user, item: 2 * random.below(count / 2) + (user % 2) };
  });
}

/** The least loss that a batch allows: liked items cannot be told apart, so row i costs log(1 + liked others in the batch). */
function leastLoss(pairs: readonly { user: number; item: number }[]): number {
  const rows = pairs.map(({ user, item: own }) =>
    Math.log(1 + pairs.filter(({ item }) => item !== own && item % 2 === user % 2).length),
  );
  return rows.reduce((sum, loss) => sum + loss, 0) / rows.length;
}

describe.each(backendsUnderTest())('training on %s', (backend) => {
  useBackend(backend);

  it.each(changes)('learns which half of a checkerboard each user likes: $name', ({ change }) => {
    const fast = { users: { ...tables['users'], learningRate: 0.3 }, items: { ...tables['items'], learningRate: 0.3 } };
    const model = createTwoTowerModel(testSchema({ ...change, tables: fast }), createRandom('rows', 1));
    const step = createTrainStep(model, createRandom('dropout', 1));
    const random = createRandom('world', 1);
    const excess = Array.from({ length: 120 }, () => {
      const pairs = checkerboard(random);
      return step.run(testBatch(pairs.map(({ user, item }) => [`u${user}`, `i${item}`]))).loss - leastLoss(pairs);
    });
    const mean = (part: readonly number[]): number => part.reduce((sum, loss) => sum + loss, 0) / part.length;
    expect(mean(excess.slice(0, 3))).toBeGreaterThan(0.3);
    expect(mean(excess.slice(-20))).toBeLessThan(0.03);

    const users = model.query.embed(Array.from({ length: count }, (_, user) => testQuery(`u${user}`)));
    const items = model.candidate.embed(Array.from({ length: count }, (_, item) => testItem(`i${item}`)));
    for (let user = 0; user < count; user++) {
      const scores = Array.from({ length: count }, (_, item) =>
        [0, 1, 2].reduce((sum, d) => sum + users[user * 3 + d] * items[item * 3 + d], 0),
      );
      const ofParity = (parity: number): number[] => scores.filter((_, item) => item % 2 === parity);
      expect(Math.min(...ofParity(user % 2))).toBeGreaterThan(Math.max(...ofParity(1 - (user % 2))));
    }
  });
});
