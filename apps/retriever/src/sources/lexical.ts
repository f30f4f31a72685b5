import type { FeatureValue, Item } from '@gatehouse/domain';

import type { ItemListener } from '../follow-items';
import type { CandidateSource } from './candidate-source';
import { pickServable } from './pick-servable';
import { createWordIndex } from './word-index';
import { wordsOf } from './words-of';

/** Finds items by their text. */
export interface Lexical extends ItemListener {
  readonly source: CandidateSource;
}

/** Different words of one request at most. */
const maxAsked = 32;

/**
 * Creates an empty index of the words of items.
 *
 * @param fields features whose words count, all as one text: strings, numbers and lists of them.
 */
export function createLexical(fields: readonly string[]): Lexical {
  const index = createWordIndex();
  const textOf = ({ features }: Item): string =>
    fields.map((name) => (Object.hasOwn(features, name) ? textOfValue(features[name]) : '')).join(' ');
  return {
    put: (item) => {
      if (item.available) index.put(item.itemId, wordsOf(textOf(item)));
      else index.remove(item.itemId);
    },
    remove: (itemId) => index.remove(itemId),
    clear: () => index.clear(),
    source: (request) => {
      const words = new Set(wordsOf(request.queryText ?? ''));
      return pickServable(request, index.search([...words].slice(0, maxAsked)));
    },
  };
}

function textOfValue(value: FeatureValue): string {
  return typeof value === 'object' ? value.join(' ') : String(value);
}
