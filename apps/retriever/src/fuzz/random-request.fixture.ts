import type { Random } from '@gatehouse/domain';
import {
  type FeatureValue,
  type Filter,
  RetrieveRequest,
  type Scalar,
  type SimilarItemsRequest,
} from '@gatehouse/proto';

import { fuzzedItems, fuzzedUsers } from './fuzzed-catalogue.fixture';

/** One of several. */
export function pick<T>(random: Random, from: readonly T[]): T {
  return from[random.below(from.length)];
}

/** So many of something, each made anew. */
export function some<T>(count: number, make: (i: number) => T): T[] {
  return Array.from({ length: count }, (_, i) => make(i));
}

export const text = (value: string) => ({ kind: { $case: 'stringValue' as const, value } });
export const number = (value: number) => ({ kind: { $case: 'numberValue' as const, value } });
export const equals = (attribute: string, value: Scalar): Filter => ({
  condition: { $case: 'equals', value: { attribute, value } },
});

const texts = ['', 'a', 'phone', 'Ünïcödé 😀', '\u0000', '__proto__', '\u202e', 'x'.repeat(1024)];
const numbers = [0, -0, 1, -1, 17.5, 1e308, -1e308, 5e-324, 2 ** 53];

/** A request that is within every limit. */
export function randomRetrieve(random: Random): RetrieveRequest {
  const { below } = random;
  const maybe = <T>(value: T): T | undefined => (below(2) === 0 ? value : undefined);
  return RetrieveRequest.fromPartial({
    userId: maybe(pick(random, [...fuzzedUsers, 'stranger', 'é'.repeat(64), '\u0000', '\ufeff'])),
    features: new Map<string, FeatureValue>(
      some(below(4), () => [pick(random, ['age', 'tags', 'bio', 'constructor', 'x.y_z-1']), randomFeature(random)]),
    ),
    history: maybe({
      entries: some(below(30), (i) => ({ itemId: pick(random, fuzzedItems).itemId, eventTimeMs: i })),
    }),
    context: new Map(some(below(3), () => [pick(random, ['device', 'hour', 'toString']), randomScalar(random)])),
    limit: pick(random, [0, 1, 2, 3, 5, 7, 10, 20, 50, 1000]),
    filter: maybe(randomFilter(random, 1 + below(4))),
    excludeItemIds: some(below(5), () => pick(random, fuzzedItems).itemId),
    excludeSeen: below(2) === 0,
    sources: pick(random, [[], ['two-tower'], ['popular'], ['popular', 'two-tower', 'popular']]),
  });
}

/** A request for the neighbours of an item that the index holds. */
export function randomSimilar(random: Random): SimilarItemsRequest {
  const { limit, filter, excludeItemIds } = randomRetrieve(random);
  return { itemId: pick(random, fuzzedItems).itemId, limit, filter, excludeItemIds };
}

function randomScalar(random: Random): Scalar {
  const kinds = [text(pick(random, texts)), number(pick(random, numbers))];
  return pick(random, [...kinds, { kind: { $case: 'boolValue', value: random.below(2) === 0 } }]);
}

/** Of any type, whatever the tower's feature is. */
function randomFeature(random: Random): FeatureValue {
  const count = pick(random, [0, 1, 3, 100]);
  return pick<FeatureValue>(random, [
    text(pick(random, texts)),
    number(pick(random, numbers)),
    { kind: { $case: 'strings', value: { values: some(count, () => pick(random, texts.slice(0, -1))) } } },
    { kind: { $case: 'numbers', value: { values: some(count, () => pick(random, numbers)) } } },
  ]);
}

/** A filter of at most so many levels. */
function randomFilter(random: Random, depth: number): Filter {
  const inner = (): Filter => randomFilter(random, depth - 1);
  const year = number(pick(random, [1950, 1999, 2020, 1e300]));
  const genre = text(pick(random, ['drama', 'horror', 'none', '']));
  const leaves: readonly Filter[] = [
    equals('genre', genre),
    equals('year', year),
    equals('adult', { kind: { $case: 'boolValue', value: random.below(2) === 0 } }),
    { condition: { $case: 'in', value: { attribute: 'genre', values: [genre, text('comedy')] } } },
    {
      condition: {
        $case: 'range',
        value: { attribute: 'year', min: pick(random, [undefined, 1980, -Infinity]), max: 2000 },
      },
    },
  ];
  if (depth <= 1) return pick(random, leaves);
  const $case = pick(random, ['allOf', 'anyOf', 'not'] as const);
  if ($case === 'not') return { condition: { $case, value: inner() } };
  return { condition: { $case, value: { filters: some(1 + random.below(3), inner) } } };
}
