import { RetrieveRequest } from '@gatehouse/proto';

import type { Filter } from './request';
import { retrieveToWire, similarToWire } from './to-wire';

const overTheWire = (request: RetrieveRequest) => RetrieveRequest.decode(RetrieveRequest.encode(request).finish());

test('an empty query leaves every choice to the server', () => {
  expect(overTheWire(retrieveToWire({}))).toEqual(RetrieveRequest.fromPartial({}));
});

test('every field arrives', () => {
  const request = overTheWire(
    retrieveToWire({
      userId: '42',
      features: { age: 31, tags: ['a', 'b'], vector: [0.5, 1], none: [] },
      history: [{ itemId: 'm1', eventTimeMs: 5 }],
      context: { device: 'phone', hour: 7, member: true },
      limit: 3,
      excludeItemIds: ['m2'],
      excludeSeen: true,
      sources: ['popular'],
      queryText: 'red dust',
    }),
  );
  expect(request).toEqual({
    userId: '42',
    features: new Map([
      ['age', { kind: { $case: 'numberValue', value: 31 } }],
      ['tags', { kind: { $case: 'strings', value: { values: ['a', 'b'] } } }],
      ['vector', { kind: { $case: 'numbers', value: { values: [0.5, 1] } } }],
      ['none', { kind: { $case: 'numbers', value: { values: [] } } }],
    ]),
    history: { entries: [{ itemId: 'm1', eventTimeMs: 5 }] },
    context: new Map([
      ['device', { kind: { $case: 'stringValue', value: 'phone' } }],
      ['hour', { kind: { $case: 'numberValue', value: 7 } }],
      ['member', { kind: { $case: 'boolValue', value: true } }],
    ]),
    limit: 3,
    filter: undefined,
    excludeItemIds: ['m2'],
    excludeSeen: true,
    sources: ['popular'],
    queryText: 'red dust',
  });
});

test('an empty history is sent as one, so that it replaces the stored one', () => {
  expect(overTheWire(retrieveToWire({ history: [] })).history).toEqual({ entries: [] });
});

test('filters keep their shape', () => {
  const filter: Filter = {
    allOf: [
      { anyOf: [{ equals: { attribute: 'genre', value: 'drama' } }, { in: { attribute: 'year', values: [1, 2] } }] },
      { not: { range: { attribute: 'price', max: 9.5 } } },
    ],
  };
  expect(similarToWire({ itemId: 'm1', filter }).filter).toEqual({
    condition: {
      $case: 'allOf',
      value: {
        filters: [
          {
            condition: {
              $case: 'anyOf',
              value: {
                filters: [
                  {
                    condition: {
                      $case: 'equals',
                      value: { attribute: 'genre', value: { kind: { $case: 'stringValue', value: 'drama' } } },
                    },
                  },
                  {
                    condition: {
                      $case: 'in',
                      value: {
                        attribute: 'year',
                        values: [
                          { kind: { $case: 'numberValue', value: 1 } },
                          { kind: { $case: 'numberValue', value: 2 } },
                        ],
                      },
                    },
                  },
                ],
              },
            },
          },
          {
            condition: {
              $case: 'not',
              value: { condition: { $case: 'range', value: { attribute: 'price', min: undefined, max: 9.5 } } },
            },
          },
        ],
      },
    },
  });
});

test('a filter without a known condition is refused by name', () => {
  const misspelt = { allOff: [] } as unknown as Filter;
  expect(() => retrieveToWire({ filter: misspelt })).toThrow(
    'filter: expected one of allOf, anyOf, not, equals, in, range, found allOff',
  );
});
