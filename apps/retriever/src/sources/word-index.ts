import type { ItemId } from '@gatehouse/domain';
import type { Hit } from '@gatehouse/item-index';

import { bestFirst } from './best-first';

/** How soon more occurrences of a word stop counting, and how much long texts are held back: the usual values. */
const [k1, b] = [1.2, 0.75];
/** A posting is one number: the slot of a text shifted by these bits, and how often the word occurs in it, at most 255. */
const countBits = 8;
const maxCount = 2 ** countBits - 1;

interface Word {
  readonly text: string;
  /** One for each text that has the word, in no order. */
  readonly postings: number[];
}

/** The text of one item. */
interface Slot {
  readonly itemId: ItemId;
  readonly at: number;
  readonly length: number;
  /** Its different words, and where in their postings it stands. */
  readonly words: readonly Word[];
  readonly positions: number[];
}

/** Texts of items by their words. */
export interface WordIndex {
  /** Items with a text now. */
  readonly size: number;
  /** Adds the text of an item, or replaces it. A text without words is none. */
  put(itemId: ItemId, words: readonly string[]): void;
  /** Takes an item out; unknown ones are fine. */
  remove(itemId: ItemId): void;
  clear(): void;
  /** Items with at least one of the words, best first, equal ones by item id. Later changes do not show. */
  search(words: readonly string[]): Iterable<Hit>;
}

/**
 * Creates an empty inverted index that ranks by BM25:
 * `score(item) = sum over the different words asked of idf(w) * tf * (k1 + 1) / (tf + k1 * (1 - b + b * length / mean length))`,
 * `idf(w) = ln(1 + (N - n + 0.5) / (n + 0.5))`, with k1 = 1.2, b = 0.75, tf occurrences of w in the text, n texts that have w, N texts.
 * Robertson and Zaragoza, The Probabilistic Relevance Framework, 2009, section 3; the idf that is never negative is Lucene's.
 *
 * A change is exact at once and costs the words of its text, however large the index is: nothing is left for a later clean-up. A search
 * costs the postings of the words asked. Memory: about 40 bytes for each word of each text, and 250 for each text and each different word.
 */
export function createWordIndex(): WordIndex {
  const words = new Map<string, Word>();
  const slotOf = new Map<ItemId, Slot>();
  let slots: (Slot | undefined)[] = [];
  let free: number[] = [];
  let totalLength = 0;
  let lengths = new Uint32Array(1024);
  /** One for each slot; all 0 between two searches. */
  let scores = new Float64Array(1024);

  const remove = (itemId: ItemId): void => {
    const slot = slotOf.get(itemId);
    if (!slot) return;
    slot.words.forEach((word, i) => {
      const { text, postings } = word;
      const last = postings.pop() ?? 0;
      const at = slot.positions[i];
      if (at < postings.length) {
        postings[at] = last; // the last one takes the place that is free
        const moved = slots[last >>> countBits];
        if (moved) moved.positions[moved.words.indexOf(word)] = at;
      }
      if (postings.length === 0) words.delete(text);
    });
    slots[slot.at] = undefined;
    free.push(slot.at);
    slotOf.delete(itemId);
    totalLength -= slot.length;
  };

  const takeSlot = (): number => {
    const at = free.pop() ?? slots.length;
    if (at < lengths.length) return at;
    const before = lengths;
    lengths = new Uint32Array(2 * before.length);
    lengths.set(before);
    scores = new Float64Array(2 * before.length);
    return at;
  };

  return {
    get size() {
      return slotOf.size;
    },
    put: (itemId, text) => {
      remove(itemId);
      if (text.length === 0) return;
      const counts = new Map<string, number>();
      for (const each of text) counts.set(each, (counts.get(each) ?? 0) + 1);
      const at = takeSlot();
      const own: Word[] = [];
      const positions: number[] = [];
      for (const [each, count] of counts) {
        const word = words.get(each) ?? { text: each, postings: [] };
        words.set(each, word);
        own.push(word);
        positions.push(word.postings.length);
        word.postings.push((at << countBits) | Math.min(count, maxCount));
      }
      const slot: Slot = { itemId, at, length: text.length, words: own, positions };
      slots[at] = slot;
      lengths[at] = slot.length;
      slotOf.set(itemId, slot);
      totalLength += slot.length;
    },
    remove,
    clear: () => {
      words.clear();
      slotOf.clear();
      [slots, free] = [[], []];
      totalLength = 0;
    },
    search: (asked) => {
      const slope = (k1 * b * slotOf.size) / totalLength;
      const met: number[] = [];
      for (const text of new Set(asked)) {
        const postings = words.get(text)?.postings ?? [];
        const weight = (k1 + 1) * Math.log(1 + (slotOf.size - postings.length + 0.5) / (postings.length + 0.5));
        for (const posting of postings) {
          const at = posting >>> countBits;
          const tf = posting & maxCount;
          if (scores[at] === 0) met.push(at);
          scores[at] += (weight * tf) / (tf + k1 * (1 - b) + slope * lengths[at]);
        }
      }
      const found = met.map((at) => slots[at]); // as they are now: a slot may soon be another's
      const own = new Float64Array(met.length);
      for (let i = 0; i < met.length; i++) {
        own[i] = scores[met[i]];
        scores[met[i]] = 0;
      }
      return hitsOf(found, own);
    },
  };
}

function* hitsOf(found: readonly (Slot | undefined)[], scores: Float64Array): Generator<Hit> {
  const idOf = (i: number): ItemId => found[i]?.itemId ?? '';
  const isBetter = (i: number, j: number): boolean =>
    scores[i] === scores[j] ? idOf(i) < idOf(j) : scores[i] > scores[j];
  const order = new Int32Array(scores.length);
  for (let i = 0; i < order.length; i++) order[i] = i;
  for (const i of bestFirst(order, isBetter)) yield { itemId: idOf(i), score: scores[i] };
}
