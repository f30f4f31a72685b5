import { CandidateServiceService, type Filter, RetrieveRequest, RetrieveResponse } from './index';

const empty = RetrieveRequest.fromPartial({});

test('the service has exactly the documented methods under its full name', () => {
  expect(Object.values(CandidateServiceService).map(({ path }) => path)).toEqual([
    '/gatehouse.v1.CandidateService/Retrieve',
    '/gatehouse.v1.CandidateService/BatchRetrieve',
    '/gatehouse.v1.CandidateService/SimilarItems',
  ]);
});

test('field numbers on the wire stay what released clients send', () => {
  // user_id = 1 is tag 0x0a, limit = 5 is tag 0x28, exclude_seen = 8 is tag 0x40.
  const bytes = RetrieveRequest.encode({ ...empty, userId: 'u', limit: 3, excludeSeen: true }).finish();
  expect(Buffer.from(bytes).toString('hex')).toBe('0a0175' + '2803' + '4001');
  // sources = 9 is tag 0x4a, query_text = 10 is tag 0x52.
  const asked = RetrieveRequest.encode({ ...empty, sources: ['s'], queryText: 't' }).finish();
  expect(Buffer.from(asked).toString('hex')).toBe('4a0173' + '520174');
});

test('an empty history differs from an absent one', () => {
  const decode = (request: RetrieveRequest) => RetrieveRequest.decode(RetrieveRequest.encode(request).finish());
  expect(decode(empty).history).toBeUndefined();
  expect(decode({ ...empty, history: { entries: [] } }).history).toEqual({ entries: [] });
});

test('a nested filter, features and context survive the wire', () => {
  const filter: Filter = {
    condition: {
      $case: 'allOf',
      value: {
        filters: [
          { condition: { $case: 'range', value: { attribute: 'year', min: 1990 } } },
          {
            condition: {
              $case: 'not',
              value: {
                condition: {
                  $case: 'equals',
                  value: { attribute: 'genre', value: { kind: { $case: 'stringValue', value: 'horror' } } },
                },
              },
            },
          },
        ],
      },
    },
  };
  const request: RetrieveRequest = {
    ...empty,
    filter,
    features: new Map([['tags', { kind: { $case: 'strings', value: { values: ['a', ''] } } }]]),
    context: new Map([['__proto__', { kind: { $case: 'boolValue', value: false } }]]),
  };
  const decoded = RetrieveRequest.decode(RetrieveRequest.encode(request).finish());
  expect(decoded).toEqual(request);
  expect(Object.prototype.hasOwnProperty.call(Object.prototype, 'kind')).toBe(false);
});

test('times in milliseconds are exact, and a 64-bit integer beyond a double is refused', () => {
  const freshness = { modelEventTimeMs: 1_767_225_600_123, catalogueTimeMs: 2 ** 53 - 1, userEventTimeMs: 0 };
  const response = RetrieveResponse.fromPartial({ freshness });
  expect(RetrieveResponse.decode(RetrieveResponse.encode(response).finish()).freshness).toEqual(freshness);
  // freshness = 7 (tag 0x3a), 10 bytes long, model_event_time_ms = 1 (tag 0x08) with all 63 bits set.
  const tooLarge = Buffer.from('3a0a08ffffffffffffffff7f', 'hex');
  expect(() => RetrieveResponse.decode(tooLarge)).toThrow(/MAX_SAFE_INTEGER/);
});
