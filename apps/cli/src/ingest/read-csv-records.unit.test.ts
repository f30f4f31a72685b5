import { type CsvRow, readCsvRecords } from './read-csv-records';
import { readLines } from './read-lines';

async function read(text: string, maxChars = 1000) {
  const rows: CsvRow[] = [];
  const bytes = (async function* () {
    yield Buffer.from(text);
  })();
  for await (const row of readCsvRecords(readLines(bytes, maxChars), maxChars)) rows.push(row);
  return rows;
}

describe('readCsvRecords', () => {
  it('names each record by its first line, also after quoted line ends of either kind', async () => {
    expect(await read('a,b\r\n"x\r\ny",2\r\n\r\n3,"4\n\n5"\n6,7')).toEqual([
      { line: 1, fields: ['a', 'b'] },
      { line: 2, fields: ['x\ny', '2'] },
      { line: 5, fields: ['3', '4\n\n5'] },
      { line: 8, fields: ['6', '7'] },
    ]);
  });

  it('loses one line to a quote that the file never closes', async () => {
    expect(await read('1,a\n2,"b\n3,c\n4,d\n')).toEqual([
      { line: 1, fields: ['1', 'a'] },
      { line: 2, reason: 'expected a closing quote, found the end of the file' },
      { line: 3, fields: ['3', 'c'] },
      { line: 4, fields: ['4', 'd'] },
    ]);
  });

  it('loses one line to a quote that is not closed soon enough', async () => {
    // 2,"b + 3,c + 4,d are 10 characters, one more than allowed.
    expect(await read('2,"b\n3,c\n4,d\n5,"e"\n', 9)).toEqual([
      { line: 1, reason: 'expected a closing quote within 9 characters, found none' },
      { line: 2, fields: ['3', 'c'] },
      { line: 3, fields: ['4', 'd'] },
      { line: 4, fields: ['5', 'e'] },
    ]);
  });

  it('goes on after lines that are too long, alone or within quotes', async () => {
    expect(await read('1,aaaaaaaa\n2,b\n3,"c\nddddddddddd\n4,e\n', 9)).toEqual([
      { line: 1, reason: 'expected a line of at most 9 bytes, found 10' },
      { line: 2, fields: ['2', 'b'] },
      { line: 3, reason: 'expected a closing quote within 9 characters, found none' },
      { line: 4, reason: 'expected a line of at most 9 bytes, found 11' },
      { line: 5, fields: ['4', 'e'] },
    ]);
  });

  it('goes on after text behind a closing quote', async () => {
    expect(await read('"1"a,b\n2,c')).toEqual([
      { line: 1, reason: 'expected a comma after a closing quote' },
      { line: 2, fields: ['2', 'c'] },
    ]);
  });
});
