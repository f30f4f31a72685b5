import type { Features } from '@gatehouse/domain';

import { createLexical } from './lexical';
import { indexOf, requestOver } from './source-request.fixture';

const catalogue: Readonly<Record<string, Features>> = {
  a: { title: 'The Red Balloon', tags: ['short', 'Paris'], year: 1956 },
  b: { title: 'Red Dust', year: 1932 },
  c: { title: 'Amélie', tags: ['Paris'], year: 2001 },
  d: { year: 2001 },
};

async function setUp(fields: readonly string[]) {
  const lexical = createLexical(fields);
  const put = (itemId: string, features: Features, available = true) => lexical.put({ itemId, features, available });
  for (const [itemId, features] of Object.entries(catalogue)) put(itemId, features);
  const index = await indexOf(
    Object.entries(catalogue).map(([itemId, { year }]) => ({
      itemId,
      vector: [1, 0],
      attributes: { year: Number(year) },
    })),
  );
  const ids = async (queryText: string, asked: Parameters<typeof requestOver>[1] = {}) =>
    (await lexical.source(requestOver(index, { queryText, ...asked }))).map(({ itemId }) => itemId);
  return { lexical, put, ids };
}

test('it finds items by the words of their fields, whatever case and accents', async () => {
  const { ids } = await setUp(['title', 'tags', 'year']);
  expect(await ids('RED dust!')).toEqual(['b', 'a']);
  expect(await ids('paris')).toEqual(['c', 'a']); // the shorter text first
  expect(await ids('amelie 2001')).toEqual(['c', 'd']);
  expect(await ids('constructor ??')).toEqual([]);
});

test('fields that are not named do not count', async () => {
  const { ids } = await setUp(['title']);
  expect([await ids('paris'), await ids('2001')]).toEqual([[], []]);
});

test('an item that is gone, not available or changed is found so at once', async () => {
  const { lexical, put, ids } = await setUp(['title']);
  lexical.remove('a');
  expect(await ids('red')).toEqual(['b']);
  put('b', { title: 'Red Dust' }, false);
  expect(await ids('red')).toEqual([]);
  put('b', { title: 'Blue Dust' });
  expect([await ids('red'), await ids('blue')]).toEqual([[], ['b']]);
  lexical.clear();
  expect(await ids('blue')).toEqual([]);
});

test('filter, exclusions, the seen and the index hold', async () => {
  const { put, ids } = await setUp(['title']);
  put('not indexed', { title: 'red' });
  expect(await ids('red')).toEqual(['b', 'a']);
  expect(await ids('red', { filter: { range: { attribute: 'year', min: 1950 } } })).toEqual(['a']);
  expect(await ids('red', { exclude: new Set(['b']) })).toEqual(['a']);
  expect(await ids('red', { isSeen: (itemId) => itemId === 'a' })).toEqual(['b']);
  expect(await ids('red', { limit: 1 })).toEqual(['b']);
});

test('the first 32 different words are looked for', async () => {
  const { ids } = await setUp(['title']);
  const others = Array.from({ length: 31 }, (_, i) => `w${i}`).join(' ');
  expect(await ids(`${others} ${others} red`)).toEqual(['b', 'a']);
  expect(await ids(`${others} w31 red`)).toEqual([]);
});
