import { RetrieveRequest } from '@gatehouse/proto';

import { withoutIds } from './without-ids';

const request = RetrieveRequest.fromPartial({
  userId: 'u7',
  history: { entries: [{ itemId: 'm.1', eventTimeMs: 5 }] },
  context: new Map([['device', { kind: { $case: 'stringValue', value: 'my phone' } }]]),
  filter: {
    condition: {
      $case: 'equals',
      value: { attribute: 'genre', value: { kind: { $case: 'stringValue', value: 'noir' } } },
    },
  },
  excludeItemIds: ['m', 'm.12'],
  sources: ['two-tower'],
});

test.each([
  ['user u7: no such key', 'user [hidden]: no such key'],
  ['"u7"u7/u7', '"[hidden]"[hidden]/[hidden]'],
  ['au7 u77 xu7x', 'au7 u77 xu7x'], // part of another word
  ['items m.1, m.12 and m; mxm', 'items [hidden], [hidden] and [hidden]; mxm'],
  ['on my phone: noir', 'on [hidden]: [hidden]'],
  ['two-tower, genre, equals, device', 'two-tower, genre, equals, device'],
  ['vector [0.1,-2e-7, 3,4] of 4', 'vector [[hidden]] of 4'],
  ['expected 1, 2 or 3', 'expected 1, 2 or 3'],
])('%s', (message, hidden) => {
  expect(withoutIds(new Error(message), request).reason).toBe(hidden);
});

test('causes are hidden too, and the place stays', () => {
  const error = new TypeError('lookup failed', { cause: new Error('key u7') });
  const { name, reason, stack } = withoutIds(error, request);
  expect([name, reason]).toEqual(['TypeError', expect.stringMatching(/^TypeError: lookup failed .*: key \[hidden\]$/)]);
  expect(stack).toMatch(/^\s+at .*without-ids\.unit\.test/);
});

test('what is no error is told too', () => {
  expect(withoutIds('u7', request)).toEqual({ name: 'string', reason: '[hidden]', stack: '' });
  expect(withoutIds(undefined, undefined).name).toBe('undefined');
});

test('ids are hidden in as long a message as is told', () => {
  const excludeItemIds = Array.from({ length: 10_000 }, (_, i) => `item-${i}`);
  expect(withoutIds(new Error('item-77 '.repeat(500)), { excludeItemIds }).reason).toMatch(/^(\[hidden\] ?)+$/);
  expect(withoutIds(new Error('item-77 '.repeat(501)), { excludeItemIds }).reason).toMatch(/^a message of \d+ char/);
});
