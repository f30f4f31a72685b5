import {
  BatchRetrieveResponse,
  type FeatureValue,
  type Filter,
  RetrieveRequest,
  SimilarItemsRequest,
} from '@gatehouse/proto';

import { sourceNames } from './retrieve-query';
import { schema } from './retriever.fixture';
import { validateBatch, validateRetrieve, validateSimilar } from './validate-request';

const { attributes } = schema;
const validate = (request: Partial<RetrieveRequest>) =>
  validateRetrieve(RetrieveRequest.fromPartial(request), attributes);
const text = (value: string) => ({ kind: { $case: 'stringValue' as const, value } });
const number = (value: number) => ({ kind: { $case: 'numberValue' as const, value } });
const bool = (value: boolean) => ({ kind: { $case: 'boolValue' as const, value } });
const equals = (attribute: string, value: ReturnType<typeof text | typeof number | typeof bool>): Filter => ({
  condition: { $case: 'equals', value: { attribute, value } },
});
const not = (filter: Filter): Filter => ({ condition: { $case: 'not', value: filter } });
const nested = (depth: number): Filter => (depth === 1 ? equals('genre', text('x')) : not(nested(depth - 1)));
const entries = (...times: number[]) => ({ entries: times.map((eventTimeMs) => ({ itemId: 'i', eventTimeMs })) });
const many = <T>(count: number, value: T): T[] => Array.from({ length: count }, () => value);

test('an empty request is an anonymous query for 100 candidates', () => {
  expect(validate({})).toEqual({ features: {}, context: {}, limit: 100, exclude: [], excludeSeen: false });
});

test('what is within the limits arrives in words of the domain', () => {
  const filter: Filter = {
    condition: {
      $case: 'allOf',
      value: {
        filters: [
          {
            condition: {
              $case: 'anyOf',
              value: { filters: [equals('adult', bool(false)), equals('year', number(7))] },
            },
          },
          { condition: { $case: 'in', value: { attribute: 'genre', values: [text('a'), text('b')] } } },
          { condition: { $case: 'range', value: { attribute: 'year', min: 1990 } } },
        ],
      },
    },
  };
  expect(
    validate({
      userId: 'é'.repeat(64),
      features: new Map<string, FeatureValue>([
        ['age', number(3)],
        ['tags', { kind: { $case: 'strings', value: { values: ['a'] } } }],
        ['v', { kind: { $case: 'numbers', value: { values: [0.5] } } }],
      ]),
      history: entries(...many(512, 3)),
      context: new Map([['device', bool(true)]]),
      limit: 1000,
      filter,
      excludeItemIds: many(10_000, 'x'),
      excludeSeen: true,
      queryText: 'é'.repeat(512),
      sources: ['popular', 'two-tower', 'popular'],
    }),
  ).toEqual({
    userId: 'é'.repeat(64),
    features: { age: 3, tags: ['a'], v: [0.5] },
    history: many(512, { itemId: 'i', eventTimeMs: 3 }),
    context: { device: true },
    limit: 1000,
    filter: {
      allOf: [
        { anyOf: [{ equals: { attribute: 'adult', value: false } }, { equals: { attribute: 'year', value: 7 } }] },
        { in: { attribute: 'genre', values: ['a', 'b'] } },
        { range: { attribute: 'year', min: 1990 } },
      ],
    },
    exclude: many(10_000, 'x'),
    excludeSeen: true,
    queryText: 'é'.repeat(512),
    sources: ['popular', 'two-tower'],
  });
});

const filters = (filter: Filter): Partial<RetrieveRequest> => ({ filter });
const feature = (name: string, value: Parameters<typeof number>[0]): Partial<RetrieveRequest> => ({
  features: new Map([[name, number(value)]]),
});

const refused: [Partial<RetrieveRequest>, string][] = [
  [{ userId: '' }, 'user_id: expected 1 to 128 bytes, found 0'],
  [{ userId: 'é'.repeat(65) }, 'user_id: expected 1 to 128 bytes, found 130'],
  [{ limit: 1001 }, 'limit: expected 1 to 1000, found 1001'],
  [{ limit: 4_294_967_295 }, 'limit: expected 1 to 1000, found 4294967295'],
  [{ history: entries(...many(513, 0)) }, 'history.entries: expected at most 512 entries, found 513'],
  [{ history: entries(5, 4) }, 'history.entries[1].event_time_ms: expected at least 5, oldest first, found 4'],
  [{ history: entries(-1) }, 'history.entries[0].event_time_ms: expected at least 0, oldest first, found -1'],
  [
    { history: { entries: [{ itemId: '', eventTimeMs: 0 }] } },
    'history.entries[0].item_id: expected 1 to 128 bytes, found 0',
  ],
  [{ excludeItemIds: many(10_001, 'x') }, 'exclude_item_ids: expected at most 10000 ids, found 10001'],
  [{ excludeItemIds: ['a', ''] }, 'exclude_item_ids[1]: expected 1 to 128 bytes, found 0'],
  [{ queryText: '' }, 'query_text: expected 1 to 1024 bytes, found 0'],
  [{ queryText: 'é'.repeat(513) }, 'query_text: expected 1 to 1024 bytes, found 1026'],
  [{ sources: ['popular', 'lexical'] }, 'query_text: expected the text that the source lexical looks for, found none'],
  [{ sources: ['two-tower', 'magic'] }, `sources[1]: expected one of ${sourceNames.join(', ')}, found "magic"`],
  [feature('age', NaN), 'features.age: expected a finite number, found NaN'],
  [feature('age', -Infinity), 'features.age: expected a finite number, found -Infinity'],
  [
    { features: new Map([['v', { kind: { $case: 'numbers', value: { values: [1, NaN] } } }]]) },
    'features.v[1]: expected a finite number, found NaN',
  ],
  [
    { features: new Map([['v', { kind: { $case: 'numbers', value: { values: many(4097, 1) } } }]]) },
    'features.v: expected at most 4096 values, found 4097',
  ],
  [{ features: new Map([['t', text('x'.repeat(1025))]]) }, 'features.t: expected at most 1024 bytes, found 1025'],
  [
    { features: new Map([['empty', { kind: undefined }]]) },
    'features.empty: expected a string, a number or a list of them, found nothing',
  ],
  [feature('__proto__', 1), 'features: expected names of 1 to 64 letters, digits, _, . and -, the first a letter'],
  [
    { context: new Map(many(65, 0).map((_, i) => [`c${i}`, number(1)])) },
    'context: expected at most 64 entries, found 65',
  ],
  [{ context: new Map([['hour', number(Infinity)]]) }, 'context.hour: expected a finite number, found Infinity'],
  [filters({ condition: undefined }), 'filter: expected one of all_of, any_of, not, equals, in, range, found none'],
  [filters(nested(9)), '.not.not.not.not.not.not.not.not: expected a filter at most 8 deep, found more'],
  [
    filters({ condition: { $case: 'allOf', value: { filters: [] } } }),
    'filter.all_of.filters: expected 1 to 100 entries, found 0',
  ],
  [
    filters({ condition: { $case: 'anyOf', value: { filters: many(101, nested(1)) } } }),
    'filter.any_of.filters: expected 1 to 100 entries, found 101',
  ],
  [
    filters(not(equals('colour', text('x')))),
    'filter.not.equals.attribute: expected one of genre, year, adult, found "colour"',
  ],
  [
    filters(equals('constructor', text('x'))),
    'filter.equals.attribute: expected one of genre, year, adult, found "constructor"',
  ],
  [filters(equals('year', text('x'))), 'filter.equals.value: expected a number, found "x"'],
  [filters(equals('genre', bool(true))), 'filter.equals.value: expected a string, found true'],
  [
    filters({ condition: { $case: 'equals', value: { attribute: 'year', value: undefined } } }),
    'filter.equals.value: expected a string, number or bool, found nothing',
  ],
  [
    filters({ condition: { $case: 'in', value: { attribute: 'genre', values: [] } } }),
    'filter.in.values: expected 1 to 1000 entries, found 0',
  ],
  [
    filters({ condition: { $case: 'in', value: { attribute: 'genre', values: [text('a'), number(1)] } } }),
    'filter.in.values[1]: expected a string, found 1',
  ],
  [
    filters({ condition: { $case: 'range', value: { attribute: 'genre', min: 1 } } }),
    'filter.range.attribute: expected a number attribute, found a string',
  ],
  [
    filters({ condition: { $case: 'range', value: { attribute: 'year' } } }),
    'filter.range: expected min, max or both, found neither',
  ],
  [
    filters({ condition: { $case: 'range', value: { attribute: 'year', max: NaN } } }),
    'filter.range.max: expected a number, found NaN',
  ],
];

test.each(refused)('refuses %j', (request, message) => {
  expect(() => validate(request)).toThrow(message);
});

test('a filter may be 8 deep', () => {
  expect(() => validate(filters(nested(8)))).not.toThrow();
});

test('a filter may have 1000 conditions and values in all', () => {
  const among = (count: number): Filter => ({
    condition: { $case: 'in', value: { attribute: 'genre', values: many(count, text('x')) } },
  });
  const anyOf = (...parts: Filter[]): Filter => ({ condition: { $case: 'anyOf', value: { filters: parts } } });
  const leaf = equals('genre', text('x'));
  const tooLarge = 'filter: expected at most 1000 conditions and values in all, found more';
  expect(() => validate(filters(among(1000)))).not.toThrow();
  expect(() => validate(filters(not(among(1000))))).toThrow(tooLarge); // 1 + 1000
  // any_of, `not` and its condition, 997 values: 1 + 2 + 997 = 1000
  expect(() => validate(filters(anyOf(not(leaf), among(500), among(497))))).not.toThrow();
  expect(() => validate(filters(anyOf(not(leaf), among(500), among(498))))).toThrow(tooLarge);
  // 1 + 9 * (1 + 100) + 90 = 1000: none of the lists is too long by itself
  const tree = (last: number) => filters(anyOf(...many(9, anyOf(...many(100, leaf))), ...many(last, leaf)));
  expect(() => validate(tree(90))).not.toThrow();
  expect(() => validate(tree(91))).toThrow(tooLarge);
});

test('attributes cannot be filtered by when the schema declares none', () => {
  expect(() => validateRetrieve(RetrieveRequest.fromPartial(filters(nested(1))), {})).toThrow(
    'filter.equals.attribute: expected no filter, for the schema declares no attributes, found "genre"',
  );
});

test('a batch is 1 to 100 requests for at most 4000 candidates', () => {
  const batch = (count: number, limit: number) => () =>
    validateBatch({ requests: many(count, RetrieveRequest.fromPartial({ limit })) }, attributes);
  expect(batch(4, 1000)()).toHaveLength(4);
  expect(batch(0, 1)).toThrow('requests: expected 1 to 100, found 0');
  expect(batch(101, 1)).toThrow('requests: expected 1 to 100, found 101');
  expect(batch(6, 1000)).toThrow('requests: expected limits that sum up to at most 4000, found 6000');
});

test('neighbours are asked for by an item', () => {
  const similar = (request: Partial<SimilarItemsRequest>) =>
    validateSimilar(SimilarItemsRequest.fromPartial(request), attributes);
  expect(similar({ itemId: 'm1', limit: 3, excludeItemIds: ['x'] })).toEqual({
    itemId: 'm1',
    limit: 3,
    exclude: ['x'],
  });
  expect(() => similar({})).toThrow('item_id: expected 1 to 128 bytes, found 0');
  expect(() => similar({ itemId: 'm1', limit: 1001 })).toThrow('limit: expected 1 to 1000, found 1001');
});

test.each([
  ['half a surrogate pair', '\ud800'],
  ['a pair where the message is cut', `${'x'.repeat(63)}😀`],
  ['control characters', 'a\r\nb\u0000'],
  ['quotes', '"\\"'],
])('the message about a name with %s can be sent as a header', (_, junk) => {
  for (const request of [
    { sources: [junk] },
    feature(junk, 1),
    filters(equals(junk, text('x'))),
    filters(equals('year', text(junk))),
  ]) {
    const message = messageOf(() => validate(request));
    expect(message).toContain(', found "');
    expect(decodeURI(encodeURI(message))).toBe(message); // grpc-js encodes it so, and throws on half a pair
    expect(message).toMatch(/^[^\p{Cc}]+$/u);
  }
});

function messageOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error('expected a refusal');
}

test('the answer of the largest batch fits the largest message, whatever sources found each candidate', () => {
  const itemId = 'i'.repeat(128);
  const sources = sourceNames.map((source) => ({ source, score: 0.5 }));
  const candidates = Array.from({ length: 1000 }, () => ({ itemId, score: 0.5, sources }));
  const response = { candidates, modelVersion: '1000000-1000000', indexVersion: '1000000-1000000.1000000' };
  const bytes = BatchRetrieveResponse.encode(BatchRetrieveResponse.fromPartial({ responses: Array(4).fill(response) }));
  expect(bytes.finish().length).toBeLessThan(1024 * 1024);
});
