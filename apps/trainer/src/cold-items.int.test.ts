import { createUserState } from '@gatehouse/events/memory';
import { userStateOptions } from '@gatehouse/events';
import { compileSchema } from '@gatehouse/schema';
import { createWorld as drawWorld } from '@gatehouse/testing';

import { nothingElse } from './cut-batches';
import { createLearner } from './learner';
import { createTrainerCatalogue } from './trainer-catalogue';
import { useCpu } from './world.fixture';

const groups = 4;
/** Every fifth item has never been shown to anybody. */
const isCold = (itemId: string): boolean => Number(itemId.slice(1)) % 5 === 0;

const groupFeature = {
  feature: ', { name: group, kind: category, table: groups }',
  table: ', groups: { dimension: 8, learningRate: 0.5 }',
};
const schemaOf = ({ feature, table }: typeof groupFeature) =>
  compileSchema(
    `
actions: { click: { weight: 1 } }
tables: { items: { dimension: 8, learningRate: 0.5 }${table} }
query: { features: [{ name: history, kind: history, table: items, length: 6 }] }
candidate: { features: [{ name: id, kind: id, table: items, dropout: 0.2 }${feature}] }
outputDimension: 8
negatives: { uniform: 16 }
training: { batchSize: 16, updatesPerBatch: 2, denseLearningRate: 0.01, seed: 3 }
`,
    'cold.yaml',
  );

describe('an item that nobody has met', () => {
  useCpu();

  /** Share of a user's own group among the ten cold items that rank first, over all users; by chance a quarter. */
  const ownShare = (known: typeof groupFeature): number => {
    const world = drawWorld({ seed: 5, users: 60, items: 200, groups, events: 1600 });
    const schema = schemaOf(known);
    const catalogue = createTrainerCatalogue();
    catalogue.load(world.items, 0);
    const userState = createUserState(userStateOptions(schema));
    const learner = createLearner({
      schema,
      catalogue,
      userState,
      evaluation: { sampleRate: 0, maxStalenessSteps: 100 },
      eventWindow: 1,
    });
    const warm = world.impressions.filter(({ itemId }) => !isCold(itemId));
    for (let from = 0; from < warm.length; from += 16) {
      learner.learn({ impressions: warm.slice(from, from + 16), ...nothingElse, endOffsets: {} });
    }
    const cold = world.items.filter(({ itemId }) => isCold(itemId));
    const vectors = learner.model.candidate.embed(cold); // [cold, 8]
    let own = 0;
    for (const userId of world.users) {
      const query = learner.queryOf({ eventId: 'q', userId, itemId: 'i0', eventTimeMs: 0, action: 'click' });
      const vector = learner.model.query.embed([query]); // [1, 8]
      const scored = cold.map(({ itemId }, i) => ({
        itemId,
        score: vector.reduce((sum, x, d) => sum + x * vectors[i * 8 + d], 0),
      }));
      const first = scored.sort((a, b) => b.score - a.score).slice(0, 10);
      own += first.filter(({ itemId }) => world.groupOf(itemId) === world.groupOf(userId)).length;
    }
    return own / (10 * world.users.length);
  };

  it('is found by what it is, at least twice as often as by chance', () => {
    // 40 cold items, ten of each group: the ten that rank first can all be of the user's own.
    expect(ownShare(groupFeature)).toBeGreaterThan(2 * 0.25);
  });

  it('is found by chance alone when nothing is known of it but its id', () => {
    expect(ownShare({ feature: '', table: '' })).toBeLessThan(0.35);
  });
});
