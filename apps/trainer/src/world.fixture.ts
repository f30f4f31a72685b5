import { createRandom, type Impression, type Item } from '@gatehouse/domain';
import { createUserState } from '@gatehouse/events/memory';
import { compileSchema, type Schema } from '@gatehouse/schema';
import { loadBackend } from '@gatehouse/towers';
import type { ImpressionRecord, StatefulUserState } from '@gatehouse/events';
import { userStateOptions } from '@gatehouse/events';
import type { LogFields, Logger } from '@gatehouse/runtime';

import { cutBatches, type ImpressionBatch } from './cut-batches';
import { createLearner, type Learner } from './learner';
import type { PrequentialOptions } from './prequential';
import { createTrainerCatalogue, type TrainerCatalogue } from './trainer-catalogue';

/** A schema in which every registered part has something to hold. */
const schemaText = `
actions:
  click: { weight: 1 }
  purchase: { weight: 2 }
  shown: { weight: 0, seen: false }
tables:
  users: { dimension: 8 }
  items: { dimension: 8 }
  genres: { dimension: 8 }
query:
  features:
    - { name: user, kind: id, table: users, dropout: 0.2 }
    - { name: history, kind: history, table: items, length: 5, decay: 0.8 }
  layers: [8]
candidate:
  features:
    - { name: item, kind: id, table: items, dropout: 0.2 }
    - { name: genre, kind: category, table: genres }
  layers: [8]
outputDimension: 8
score: { learnTemperature: true }
outcomes: { waitMs: 30000, late: learn }
negatives: { uniform: 6, popularity: 3, popularityWindow: 64, memory: 6, memoryMaxAgeBatches: 2, hard: 2 }
estimator: { kind: gap, cells: 64, hashes: 2, rate: 0.05 }
training:
  batchSize: 8
  updatesPerBatch: 2
  schedule: { stages: [{ name: steady, hardShare: { from: 0.5, to: 0.5 } }] }
`;

/** The schema of the tests, with some sections changed. */
export function worldSchema(changes: Partial<Schema> = {}): Schema {
  return { ...compileSchema(schemaText, 'world.yaml'), ...changes };
}

/** 40 items; the last of them is not available. */
export const worldItems: readonly Item[] = Array.from({ length: 40 }, (_, i) => ({
  itemId: `i${i}`,
  features: { genre: `g${i % 5}` },
  available: i < 39,
}));

/** Seeded events of 30 users, most of them positive, a few of an item that no catalogue knows. Times are 1000 ms apart. */
export function worldImpressions(count: number, seed = 1): Impression[] {
  const random = createRandom('world', seed);
  return Array.from({ length: count }, (_, n) => {
    const user = random.below(30);
    const popular = Math.floor(40 * random.next() ** 2);
    const chance = random.next();
    return {
      eventId: `e${n}`,
      userId: `u${user}`,
      itemId: chance < 0.03 ? 'unknown' : `i${(popular + (user % 3)) % 40}`,
      eventTimeMs: 1000 * n,
      ...(chance > 0.2 && { requestId: `r${user}-${Math.floor(n / 20)}` }),
      action: chance < 0.15 ? 'purchase' : chance < 0.3 ? 'shown' : 'click',
    };
  });
}

/** A learner with what it works on. */
export interface World {
  readonly schema: Schema;
  readonly catalogue: TrainerCatalogue;
  readonly userState: StatefulUserState;
  readonly learner: Learner;
}

/** Evaluates every event against fresh vectors. */
export const alwaysFresh: PrequentialOptions = { sampleRate: 1, maxStalenessSteps: 1 };

/** A learner over {@link worldItems} that has learned nothing. */
export function createWorld(schema = worldSchema(), evaluation = alwaysFresh, measureEveryBatches = 1): World {
  const catalogue = createTrainerCatalogue();
  catalogue.load(worldItems, worldItems.length);
  const userState = createUserState(userStateOptions(schema));
  const learner = createLearner({ schema, catalogue, userState, evaluation, eventWindow: 1024, measureEveryBatches });
  return { schema, catalogue, userState, learner };
}

/** Impressions as records of one partition. */
export function recordsOf(impressions: readonly Impression[]): ImpressionRecord[] {
  return impressions.map((impression, offset) => ({ topic: 'impressions', partition: 0, offset, impression }));
}

/** Cuts impressions as the trainer does. */
export async function batchesOf(impressions: readonly Impression[], schema: Schema): Promise<ImpressionBatch[]> {
  async function* chunks(): AsyncGenerator<ImpressionRecord[]> {
    yield recordsOf(impressions);
  }
  const batches: ImpressionBatch[] = [];
  const cutting = {
    positives: schema.training.batchSize,
    weightOf: (action: string) => schema.actions[action]?.weight,
    isLearned: () => false,
    start: {},
  };
  for await (const batch of cutBatches(chunks(), cutting)) batches.push(batch);
  return batches;
}

/** One line of a {@link MemoryLogger}. */
export interface Line {
  readonly message: string;
  readonly fields: LogFields;
}

/** Keeps what it is told. */
export function createMemoryLogger(): Logger & { readonly lines: readonly Line[] } {
  const lines: Line[] = [];
  const keep = (message: string, fields: LogFields = {}): void => {
    lines.push({ message, fields });
  };
  const logger = { debug: keep, info: keep, warn: keep, error: keep, child: () => logger, lines };
  return logger;
}

/** Runs the tests of the enclosing block on the backend that is exact to the bit. */
export function useCpu(): void {
  beforeAll(async () => {
    jest.spyOn(console, 'warn').mockReturnValue(undefined); // the backend advises to install another one
    await loadBackend(['cpu']);
  });
  afterAll(() => jest.restoreAllMocks());
}
