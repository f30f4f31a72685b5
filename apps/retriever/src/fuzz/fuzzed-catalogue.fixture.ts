import { createRandom } from '@gatehouse/domain';

/** A schema whose query tower reads every kind of feature that a request can bring. */
export const fuzzedSchema = `
actions: { click: { weight: 1 } }
attributes: { genre: string, year: number, adult: boolean }
userState: { historyLimit: 20, seenLimit: 1000 }
tables:
  users: { dimension: 4 }
  devices: { dimension: 4 }
  tags: { dimension: 4 }
  ages: { dimension: 4 }
  words: { dimension: 4, rows: 256 }
  items: { dimension: 8 }
query:
  features:
    - { name: user, kind: id, table: users }
    - { name: device, kind: category, table: devices, source: context.device }
    - { name: tags, kind: categories, table: tags }
    - { name: age, kind: number, table: ages, boundaries: [18, 40, 65] }
    - { name: bio, kind: text, table: words }
    - { name: history, kind: history, table: items, length: 20 }
  combine: concat
  layers: [16]
candidate:
  features:
    - { name: id, kind: id, table: items }
  combine: concat
  layers: []
outputDimension: 8
loss: { kind: softmax }
negatives: { uniform: 1 }
estimator: { kind: exact }
`;

const random = createRandom('fuzzed items', 1);

/** Items by id, with attributes of every type. */
export const fuzzedItems = Array.from({ length: 1000 }, (_, i) => ({
  itemId: String(i),
  attributes: {
    genre: ['drama', 'comedy', 'horror'].filter(() => random.next() < 0.5),
    year: 1950 + random.below(70),
    adult: random.next() < 0.1,
  },
}));

/** Users of whom something is known. */
export const fuzzedUsers = ['u0', 'u1', 'u2'] as const;
