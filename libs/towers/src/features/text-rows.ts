import { type Features, hashId } from '@gatehouse/domain';

import type { EmbeddingTable } from '../tables/embedding-table';

const key = new Uint32Array(2);

/** Rows already computed, by feature record and source: catalogue items keep their records, so each title is hashed once. */
const remembered = new WeakMap<EmbeddingTable, WeakMap<Features, Map<string, Int32Array>>>();

/**
 * Rows of a text's letter trigrams in a fixed table.
 *
 * Each word is lower-cased, framed as `#word#` and cut into trigrams; a trigram's row is its hash modulo the table's rows.
 * Source: word hashing of DSSM, Huang et al. 2013, section 3.2.
 *
 * @example letterTrigrams('Heat'); // ['#he', 'hea', 'eat', 'at#']
 */
export function textRows(features: Features, source: string, text: string, table: EmbeddingTable): Int32Array {
  let byRecord = remembered.get(table);
  if (!byRecord) remembered.set(table, (byRecord = new WeakMap()));
  let bySource = byRecord.get(features);
  if (!bySource) byRecord.set(features, (bySource = new Map<string, Int32Array>()));
  let rows = bySource.get(source);
  if (!rows) {
    rows = Int32Array.from(letterTrigrams(text), (trigram) => {
      hashId(trigram, key, 0);
      return table.fixedRow(key[0]);
    });
    bySource.set(source, rows);
  }
  return rows;
}

/** Letter trigrams of a text's words; words are runs of letters and digits in any script. */
export function letterTrigrams(text: string): string[] {
  const trigrams: string[] = [];
  for (const [word] of text.toLowerCase().matchAll(/[\p{L}\p{N}]+/gu)) {
    const letters = ['#', ...Array.from(word), '#'];
    for (let i = 0; i + 3 <= letters.length; i++) trigrams.push(letters[i] + letters[i + 1] + letters[i + 2]);
  }
  return trigrams;
}
