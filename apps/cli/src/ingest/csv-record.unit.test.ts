import { createRandom } from '@gatehouse/domain';
import { parse } from 'csv-parse/sync';

import { createCsvRecord } from './csv-record';

/** States after each line, and the fields. */
function read(...lines: string[]) {
  const record = createCsvRecord();
  return { states: lines.map((line) => record.add(line)), fields: record.fields };
}

describe('createCsvRecord', () => {
  it.each([
    ['a,b', ['a', 'b']],
    ['', ['']],
    [',', ['', '']],
    ['a,', ['a', '']],
    ['"a,b",c', ['a,b', 'c']],
    ['"",""', ['', '']],
    ['"say ""hi""",c', ['say "hi"', 'c']],
    ['5" disk,c', ['5" disk', 'c']], // a quote inside of a bare field is a character
    [' "a",b', [' "a"', 'b']],
    ['"a",', ['a', '']],
  ])('reads %s', (line, fields) => {
    expect(read(line)).toEqual({ states: ['complete'], fields });
  });

  it('joins the lines of a quoted field', () => {
    expect(read('1,"a', '', '""b"",', 'c",2')).toEqual({
      states: ['open', 'open', 'open', 'complete'],
      fields: ['1', 'a\n\n"b",\nc', '2'],
    });
  });

  it('refuses text after a closing quote', () => {
    expect(read('"a"b,c').states).toEqual(['malformed']);
  });

  it.each([1, 2, 3])('reads what csv-parse reads (seed %d)', (seed) => {
    const random = createRandom('csv', seed);
    const text = (characters: string): string =>
      Array.from({ length: random.below(6) }, () => characters[random.below(characters.length)]).join('');
    const field = (): string => (random.below(2) === 0 ? text('ab é') : `"${text('a",\n').replaceAll('"', '""')}"`);
    for (let i = 0; i < 200; i++) {
      const record = Array.from({ length: 2 + random.below(4) }, field).join(',');
      const { states, fields } = read(...record.split('\n'));
      expect(states.at(-1)).toBe('complete');
      expect([fields]).toEqual(parse(record));
    }
  });
});
