import { createDraws } from './source-request.fixture';
import { createWordIndex, type WordIndex } from './word-index';

const indexOf = (texts: Readonly<Record<string, string>>): WordIndex => {
  const index = createWordIndex();
  for (const [itemId, text] of Object.entries(texts)) index.put(itemId, text.split(' ').filter(Boolean));
  return index;
};
const idsOf = (index: WordIndex, query: string) => [...index.search(query.split(' '))].map(({ itemId }) => itemId);

test('the worked example of BM25', () => {
  const index = indexOf({ a: 'red fox', b: 'red red dog barks', c: 'blue sky', d: 'old dog at the lake house' });
  // N = 4 texts of 2, 4, 2 and 6 words: mean length 14 / 4 = 3.5.
  // red: n = 2, idf = ln(1 + 2.5 / 2.5) = .693147. fox: n = 1, idf = ln(1 + 3.5 / 1.5) = 1.203973.
  // a: length 2, so k1 * (1 - b + b * 2 / 3.5) = 1.2 * .678571 = .814286; tf = 1: 2.2 / 1.814286 = 1.212598
  //    (.693147 + 1.203973) * 1.212598 = 2.300445
  // b: length 4, 1.2 * (.25 + .75 * 4 / 3.5) = 1.328571; tf of red = 2: 4.4 / 3.328571 = 1.321888; * .693147 = .916263
  const hits = [...index.search(['red', 'fox', 'unknown'])];
  expect(hits.map(({ itemId }) => itemId)).toEqual(['a', 'b']);
  expect(hits[0].score).toBeCloseTo(2.300445, 5);
  expect(hits[1].score).toBeCloseTo(0.916263, 5);
});

describe('ranking', () => {
  test('a rare word outweighs a frequent one', () => {
    const index = indexOf({ a: 'red fox', b: 'red sky', c: 'red sea', d: 'blue sky', e: 'red tea' });
    expect(idsOf(index, 'red sky').slice(0, 2)).toEqual(['b', 'd']);
  });

  test('a word that comes more often counts more, but less each time', () => {
    const index = indexOf({ a: 'red x y z', b: 'red red x y', c: 'red red red x' });
    expect(idsOf(index, 'red')).toEqual(['c', 'b', 'a']);
    const [c, b, a] = [...index.search(['red'])].map(({ score }) => score);
    expect(b - a).toBeGreaterThan(c - b);
  });

  test('of two texts with the word the shorter comes first, equal ones by item id', () => {
    const index = indexOf({ long: 'red and some more words', z: 'red fox', a: 'red sky' });
    expect(idsOf(index, 'red')).toEqual(['a', 'z', 'long']);
  });

  test('asking for a word twice changes nothing, and neither does the order', () => {
    const index = indexOf({ a: 'red fox', b: 'red sky' });
    const hits = [...index.search(['red', 'sky'])];
    expect([...index.search(['sky', 'red', 'sky'])].map(({ itemId }) => itemId)).toEqual(
      hits.map(({ itemId }) => itemId),
    );
  });
});

test('a text is replaced whole, and one that is gone leaves nothing', () => {
  const index = indexOf({ a: 'red fox', b: 'red sky' });
  index.put('a', ['blue']);
  index.remove('b');
  index.remove('never there');
  expect([idsOf(index, 'red'), idsOf(index, 'fox'), idsOf(index, 'sky'), idsOf(index, 'blue')]).toEqual([
    [],
    [],
    [],
    ['a'],
  ]);
  index.put('a', []);
  expect([idsOf(index, 'blue'), index.size]).toEqual([[], 0]);
  index.clear();
  index.put('c', ['red']);
  expect(idsOf(index, 'red')).toEqual(['c']);
});

test('what changes while hits are read does not show', () => {
  const index = indexOf({ a: 'red', b: 'red', c: 'red' });
  const hits = index.search(['red'])[Symbol.iterator]();
  expect(hits.next().value).toMatchObject({ itemId: 'a' });
  index.put('d', ['red']);
  index.remove('b');
  const other = [...index.search(['red'])].map(({ itemId }) => itemId);
  expect(other).toEqual(['a', 'c', 'd']);
  expect(hits.next().value).toMatchObject({ itemId: 'b' });
});

const vocabulary = Array.from({ length: 30 }, (_, i) => `w${i}`);

/** BM25 by its formula, over all texts anew. */
function scan(texts: ReadonlyMap<string, readonly string[]>, asked: readonly string[]): Map<string, number> {
  const all = [...texts.values()];
  const meanLength = all.reduce((sum, { length }) => sum + length, 0) / all.length;
  const scores = new Map<string, number>();
  for (const [itemId, text] of texts) {
    let score = 0;
    for (const word of asked) {
      const tf = text.filter((each) => each === word).length;
      const n = all.filter((each) => each.includes(word)).length;
      const idf = Math.log(1 + (all.length - n + 0.5) / (n + 0.5));
      score += (idf * (tf * 2.2)) / (tf + 1.2 * (0.25 + (0.75 * text.length) / meanLength));
    }
    if (score > 0) scores.set(itemId, score);
  }
  return scores;
}

test.each(Array.from({ length: 12 }, (_, i) => i + 1))(
  'it equals the formula through adds, changes and removals (seed %i)',
  (seed) => {
    const { below, next, oneOf } = createDraws(seed);
    const index = createWordIndex();
    const texts = new Map<string, readonly string[]>();
    for (let step = 0; step < 300; step++) {
      const itemId = `i${below(60)}`;
      texts.delete(itemId);
      if (next() < 0.25) {
        index.remove(itemId);
        continue;
      }
      const words = Array.from({ length: 1 + below(12) }, () => vocabulary[Math.floor(30 * next() ** 2)]);
      texts.set(itemId, words);
      index.put(itemId, words);
    }
    expect(index.size).toBe(texts.size);
    for (let round = 0; round < 20; round++) {
      const asked = [...new Set(Array.from({ length: 1 + below(4) }, () => oneOf(vocabulary)))];
      const expected = scan(texts, asked);
      const hits = [...index.search(asked)];
      expect(new Set(hits.map(({ itemId }) => itemId))).toEqual(new Set(expected.keys()));
      hits.forEach(({ itemId, score }, i) => {
        expect(score).toBeCloseTo(expected.get(itemId)!, 9);
        if (i > 0) expect(hits[i - 1].score > score || hits[i - 1].itemId < itemId).toBe(true);
      });
    }
  },
);

test('what came and went changes no answer', () => {
  const [churned, fresh] = [createWordIndex(), createWordIndex()];
  const { below, next } = createDraws(5);
  const texts = new Map<string, string[]>();
  for (let step = 0; step < 6000; step++) {
    const itemId = `i${below(500)}`;
    if (next() < 0.3) {
      churned.remove(itemId);
      texts.delete(itemId);
    } else {
      const words = Array.from({ length: 1 + below(5) }, () => `w${below(20)}`);
      churned.put(itemId, words);
      texts.set(itemId, words);
    }
  }
  for (const [itemId, words] of texts) fresh.put(itemId, words);
  for (let i = 0; i < 20; i++) {
    const asked = [`w${i}`, `w${(i * 7) % 20}`];
    const [a, b] = [churned, fresh].map((index) => [...index.search(asked)]);
    expect(a.map(({ itemId }) => itemId)).toEqual(b.map(({ itemId }) => itemId));
    a.forEach(({ score }, j) => expect(score).toBeCloseTo(b[j].score, 9));
  }
});

test('thousands of texts are as few are', () => {
  const { below } = createDraws(3);
  const index = createWordIndex();
  const texts = new Map<string, readonly string[]>();
  for (let i = 0; i < 3000; i++) {
    const words = Array.from({ length: 1 + below(6) }, () => vocabulary[below(30)]);
    texts.set(`i${i}`, words);
    index.put(`i${i}`, words);
  }
  const expected = scan(texts, ['w3', 'w4']);
  const hits = [...index.search(['w3', 'w4'])];
  expect(hits).toHaveLength(expected.size);
  for (const { itemId, score } of hits) expect(score).toBeCloseTo(expected.get(itemId)!, 9);
});
