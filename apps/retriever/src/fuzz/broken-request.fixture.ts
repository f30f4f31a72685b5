import { type FeatureValue, type Filter, RetrieveRequest } from '@gatehouse/proto';

import { equals, number, some, text } from './random-request.fixture';

/** A way to break a request that is otherwise within the limits. */
export interface Breakage {
  /** The bytes of a request without the mistake become those of one with it. */
  readonly apply: (request: RetrieveRequest) => Uint8Array;
  /** What the refusal says. */
  readonly message: string;
}

const changed =
  (changes: Partial<RetrieveRequest>) =>
  (request: RetrieveRequest): Uint8Array =>
    RetrieveRequest.encode({ ...request, ...changes }).finish();

/** A field comes twice: of plain values the last one counts. */
const followedBy =
  (...bytes: readonly number[]) =>
  (request: RetrieveRequest): Uint8Array =>
    Buffer.concat([RetrieveRequest.encode(request).finish(), Buffer.from(bytes)]);

const leaf = equals('genre', text('x'));
const nested = (depth: number): Filter =>
  depth === 1 ? leaf : { condition: { $case: 'not', value: nested(depth - 1) } };
const feature = (name: string, value: FeatureValue): Partial<RetrieveRequest> => ({
  features: new Map([[name, value]]),
});
const history = (...entries: readonly (readonly [string, number])[]): Partial<RetrieveRequest> => ({
  history: { entries: entries.map(([itemId, eventTimeMs]) => ({ itemId, eventTimeMs })) },
});
const conditions = 'one of all_of, any_of, not, equals, in, range';
const message = 'a protobuf message of the method';

/** Every kind of bad input to a request for candidates, with the words of its refusal. */
export const breakages: Readonly<Record<string, Breakage>> = {
  'a limit of 1001': { apply: changed({ limit: 1001 }), message: 'limit: expected 1 to 1000, found 1001' },
  'a limit of 10^9': { apply: changed({ limit: 1e9 }), message: 'limit: expected 1 to 1000, found 1000000000' },
  // As a client sends -1 whose field is signed: ten bytes, of which 32 bits count.
  'a negative limit': {
    apply: followedBy(0x28, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01),
    message: 'limit: expected 1 to 1000, found 4294967295',
  },
  'a limit that comes twice': {
    apply: followedBy(0x28, 0x01, 0x28, 0xe9, 0x07),
    message: 'limit: expected 1 to 1000, found 1001',
  },
  'no user id': { apply: changed({ userId: '' }), message: 'user_id: expected 1 to 128 bytes, found 0' },
  'a user id of 129 bytes': {
    apply: changed({ userId: 'u'.repeat(129) }),
    message: 'user_id: expected 1 to 128 bytes, found 129',
  },
  'a user id of 65 letters in 130 bytes': {
    apply: changed({ userId: 'é'.repeat(65) }),
    message: 'user_id: expected 1 to 128 bytes, found 130',
  },
  'a user id that is not UTF-8': {
    apply: followedBy(0x0a, 0x02, 0x75, 0xff),
    message: `request: expected ${message}, found text that is not UTF-8`,
  },
  '10,000 entries of history': {
    apply: changed(history(...some(10_000, (i) => [`m${i}`, i] as const))),
    message: 'history.entries: expected at most 512 entries, found 10000',
  },
  'a history out of order': {
    apply: changed(history(['m1', 5], ['m2', 4])),
    message: 'history.entries[1].event_time_ms: expected at least 5, oldest first, found 4',
  },
  'a history before 1970': {
    apply: changed(history(['m1', -1])),
    message: 'history.entries[0].event_time_ms: expected at least 0, oldest first, found -1',
  },
  'an item id of 129 bytes': {
    apply: changed(history(['m'.repeat(129), 1])),
    message: 'history.entries[0].item_id: expected 1 to 128 bytes, found 129',
  },
  'NaN in the context': {
    apply: changed({ context: new Map([['hour', number(NaN)]]) }),
    message: 'context.hour: expected a finite number, found NaN',
  },
  'Infinity in the context': {
    apply: changed({ context: new Map([['hour', number(Infinity)]]) }),
    message: 'context.hour: expected a finite number, found Infinity',
  },
  '65 entries of context': {
    apply: changed({ context: new Map(some(65, (i) => [`c${i}`, number(i)])) }),
    message: 'context: expected at most 64 entries, found 65',
  },
  'a value of no kind in the context': {
    apply: changed({ context: new Map([['hour', { kind: undefined }]]) }),
    message: 'context.hour: expected a string, number or bool, found nothing',
  },
  'NaN in a feature': {
    apply: changed(feature('age', number(NaN))),
    message: 'features.age: expected a finite number, found NaN',
  },
  '-Infinity in a list of a feature': {
    apply: changed(feature('v', { kind: { $case: 'numbers', value: { values: [1, -Infinity] } } })),
    message: 'features.v[1]: expected a finite number, found -Infinity',
  },
  'a feature of 5000 numbers': {
    apply: changed(feature('v', { kind: { $case: 'numbers', value: { values: some(5000, (i) => i) } } })),
    message: 'features.v: expected at most 4096 values, found 5000',
  },
  'a text of 1025 bytes': {
    apply: changed(feature('bio', text('x'.repeat(1025)))),
    message: 'features.bio: expected at most 1024 bytes, found 1025',
  },
  'a feature named __proto__': {
    apply: changed(feature('__proto__', number(1))),
    message: 'features: expected names of 1 to 64 letters, digits, _, . and -, the first a letter, found "__proto__"',
  },
  'an unknown attribute': {
    apply: changed({ filter: equals('colour', text('red')) }),
    message: 'filter.equals.attribute: expected one of genre, year, adult, found "colour"',
  },
  'a value of another type': {
    apply: changed({ filter: equals('year', text('new')) }),
    message: 'filter.equals.value: expected a number, found "new"',
  },
  'a filter 9 deep': {
    apply: changed({ filter: nested(9) }),
    message: `filter${'.not'.repeat(8)}: expected a filter at most 8 deep, found more`,
  },
  'a filter 90 deep': {
    apply: changed({ filter: nested(90) }),
    message: `filter${'.not'.repeat(8)}: expected a filter at most 8 deep, found more`,
  },
  'a filter without a condition': {
    apply: changed({ filter: { condition: undefined } }),
    message: `filter: expected ${conditions}, found none`,
  },
  // Field 15 is none of the oneof's.
  'a filter with an unknown condition': {
    apply: (request) => followedBy(0x32, 0x02, 0x78, 0x01)({ ...request, filter: undefined }),
    message: `filter: expected ${conditions}, found none`,
  },
  'a range from NaN': {
    apply: changed({ filter: { condition: { $case: 'range', value: { attribute: 'year', min: NaN } } } }),
    message: 'filter.range.min: expected a number, found NaN',
  },
  'a range without bounds': {
    apply: changed({ filter: { condition: { $case: 'range', value: { attribute: 'year' } } } }),
    message: 'filter.range: expected min, max or both, found neither',
  },
  'a filter among 1001 values': {
    apply: changed({
      filter: { condition: { $case: 'in', value: { attribute: 'year', values: some(1001, number) } } },
    }),
    message: 'filter.in.values: expected 1 to 1000 entries, found 1001',
  },
  '10,001 excluded ids': {
    apply: changed({ excludeItemIds: some(10_001, (i) => `m${i}`) }),
    message: 'exclude_item_ids: expected at most 10000 ids, found 10001',
  },
  'an excluded id of 129 bytes': {
    apply: changed({ excludeItemIds: ['m1', 'm'.repeat(129)] }),
    message: 'exclude_item_ids[1]: expected 1 to 128 bytes, found 129',
  },
  'an unknown source': {
    apply: changed({ sources: ['magic'] }),
    message: 'sources[0]: expected one of two-tower, popular, item-to-item, found "magic"',
  },
};
