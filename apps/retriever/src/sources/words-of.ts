/** Words of one text at most: a description beyond it says no more. */
const maxWords = 512;
/** A longer word is cut. */
const maxWordLength = 64;
const wordPattern = /[\p{L}\p{M}\p{N}]+/gu;
/** Accents of Latin, Greek and Cyrillic letters, once they stand apart. */
const accents = /[\u0300-\u036f]/g;

/**
 * The words of a text, in order: runs of letters and digits, without accents and case, at most 512 and each at most 64 characters. Scripts
 * that put no space between words make one word of each run.
 *
 * @example wordsOf('Amélie (2001)'); // ['amelie', '2001']
 */
export function wordsOf(text: string): string[] {
  const plain = text.normalize('NFKD').replace(accents, '').toLowerCase();
  const words: string[] = [];
  for (const [word] of plain.matchAll(wordPattern)) {
    if (words.push(word.slice(0, maxWordLength)) === maxWords) break;
  }
  return words;
}
