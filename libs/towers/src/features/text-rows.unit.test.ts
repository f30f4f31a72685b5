import { createRandom, hashIds } from '@gatehouse/domain';

import { createEmbeddingTable } from '../tables/embedding-table';
import { letterTrigrams, textRows } from './text-rows';
import { testTable } from '../test-schema.fixture';

const spec = testTable({ dimension: 2, kind: 'fixed', rows: 50, initialScale: 0.1 });

describe('letter trigrams', () => {
  it.each([
    ['Heat', ['#he', 'hea', 'eat', 'at#']],
    ['a', ['#a#']],
    ['Up, 2009!', ['#up', 'up#', '#20', '200', '009', '09#']],
    ['Café', ['#ca', 'caf', 'afé', 'fé#']],
    ['東京物語', ['#東京', '東京物', '京物語', '物語#']],
    ['  ... ', []],
    ['', []],
  ])('of %j', (text, expected) => {
    expect(letterTrigrams(text)).toEqual(expected);
  });
});

describe('text rows', () => {
  const table = createEmbeddingTable('words', spec, 3, createRandom('rows', 1));

  it('are hashes of the trigrams, past the fallback rows', () => {
    const keys = hashIds(['#he', 'hea', 'eat', 'at#']);
    const expected = [0, 1, 2, 3].map((i) => 3 + (keys[2 * i] % 50));
    expect([...textRows({ title: 'Heat' }, 'features.title', 'Heat', table)]).toEqual(expected);
  });

  it('are kept apart by record, source and table', () => {
    const [record, other] = [
      { title: 'Heat', plot: 'Crime' },
      { title: 'Crime', plot: 'Heat' },
    ];
    const small = createEmbeddingTable('small', { ...spec, rows: 7 }, 0, createRandom('rows', 1));
    const heat = textRows(record, 'features.title', record.title, table);
    const crime = textRows(record, 'features.plot', record.plot, table);
    expect(crime).not.toEqual(heat);
    expect(textRows(record, 'features.title', record.title, table)).toEqual(heat);
    expect(textRows(other, 'features.title', other.title, table)).toEqual(crime);
    expect(textRows(other, 'features.plot', other.plot, table)).toEqual(heat);
    expect(Math.max(...textRows(record, 'features.title', record.title, small))).toBeLessThan(7);
  });
});
