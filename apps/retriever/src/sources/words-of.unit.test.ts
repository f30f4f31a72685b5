import { wordsOf } from './words-of';

test.each([
  ['Amélie (2001)', ['amelie', '2001']],
  ['The Lord of the Rings: The Two Towers', ['the', 'lord', 'of', 'the', 'rings', 'the', 'two', 'towers']],
  ['ﬁve ½ ＡＢＣ', ['five', '1', '2', 'abc']],
  ['Москва, ёлка', ['москва', 'елка']],
  ['हिन्दी', ['हिन्दी']], // its vowel signs belong to the word
  ['七人の侍', ['七人の侍']],
  ['?!… — ', []],
  ['', []],
  ['__proto__', ['proto']],
])('%j has the words %j', (text, words) => {
  expect(wordsOf(text)).toEqual(words);
});

test('words are as many and as long as the limits say', () => {
  expect(wordsOf('a '.repeat(600))).toHaveLength(512);
  expect(wordsOf('x'.repeat(100))).toEqual(['x'.repeat(64)]);
});
