import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

import { createCleanup, createTemporaryFolder } from '@gatehouse/testing';

import { FileFormatError, openRows, type Row } from './read-rows';

const cleanup = createCleanup();
let folder: string;
beforeEach(async () => {
  folder = await createTemporaryFolder(cleanup);
});
afterEach(() => cleanup.run());

async function write(name: string, content: string | Buffer): Promise<string> {
  const file = join(folder, name);
  await writeFile(file, content);
  return file;
}

async function read(file: string, required = ['user', 'item']): Promise<Row[]> {
  const rows: Row[] = [];
  for await (const row of (await openRows(file, required)).rows) rows.push(row);
  return rows;
}

/** The error that reading a file ends with; undefined when there is none. */
async function failure(file: string): Promise<unknown> {
  return read(file).then(
    () => undefined,
    (error: unknown) => error,
  );
}

describe('a CSV file', () => {
  const text = '\uFEFFuser, item,note\r\n1,50,"a, b"\r\n\r\n2,51,"two\r\nlines"\r\n3,52\r\n4,53,"5"" disk"\r\n';
  const rows: Row[] = [
    { line: 2, values: { user: '1', item: '50', note: 'a, b' } },
    { line: 4, values: { user: '2', item: '51', note: 'two\nlines' } },
    { line: 6, reason: 'expected 3 columns, found 2' },
    { line: 7, values: { user: '4', item: '53', note: '5" disk' } },
  ];

  it('gives rows by column, named by line', async () => {
    expect(await read(await write('events.csv', text))).toEqual(rows);
  });

  it('may be compressed', async () => {
    expect(await read(await write('events.csv.gz', gzipSync(text)))).toEqual(rows);
  });

  it('counts what it reads', async () => {
    const file = await write('events.csv', text);
    const opened = await openRows(file, ['user']);
    for await (const row of opened.rows) expect(row.line).toBeLessThan(8);
    expect(opened.totalBytes).toBe(Buffer.byteLength(text));
    expect(opened.bytesRead()).toBe(opened.totalBytes);
  });

  it.each([
    ['missing columns', 'user,film\n1,50\n', 'line 1: expected the columns user, item, found user, film'],
    ['a column twice', '\nuser,item,user\n1,50,2\n', 'line 2: expected columns of different names, found user twice'],
    ['a broken header', '"user"s,item\n', 'line 1: expected a comma after a closing quote'],
    ['nothing', '', 'expected a header with the columns user, item, found an empty file'],
    ['blank lines', '\n\n', 'expected a header with the columns user, item, found an empty file'],
  ])('with %s is refused by name', async (_, content, problem) => {
    const file = await write('events.csv', content);
    const error = await failure(file);
    expect(error).toBeInstanceOf(FileFormatError);
    expect(error).toMatchObject({ file, message: `${file}: ${problem}` });
  });

  it('goes on after a line that is too long', async () => {
    const long = `2,${'x'.repeat(1 << 20)}`;
    expect(await read(await write('events.csv', `user,item\n1,50\n${long}\n3,52\n`))).toEqual([
      { line: 2, values: { user: '1', item: '50' } },
      { line: 3, reason: 'expected a line of at most 1048576 bytes, found 1048578' },
      { line: 4, values: { user: '3', item: '52' } },
    ]);
  });
});

describe('a file of JSON lines', () => {
  const text = '{"user":"1","item":50}\r\n\n[1]\nnull\n"x"\n{"user":\n{"user":"2"}';
  const rows = [
    { line: 1, values: { user: '1', item: 50 } },
    { line: 3, reason: 'expected a JSON object, found [1]' },
    { line: 4, reason: 'expected a JSON object, found null' },
    { line: 5, reason: 'expected a JSON object, found "x"' },
    { line: 6, reason: expect.stringMatching(/^not JSON: /) as string },
    { line: 7, values: { user: '2' } }, // what is missing is for the reader of the row to say
  ];

  it.each(['events.jsonl', 'events.ndjson'])('%s gives rows, named by line', async (name) => {
    expect(await read(await write(name, text))).toEqual(rows);
  });

  it('may be compressed, and begin with a byte order mark', async () => {
    expect(await read(await write('events.jsonl.gz', gzipSync(`\uFEFF${text}`)))).toEqual(rows);
  });

  it('goes on after a line that is too long', async () => {
    const long = `{"user":"${'x'.repeat(1 << 20)}"}`;
    expect(await read(await write('events.jsonl', `${long}\n{"user":"2"}\n`))).toEqual([
      { line: 1, reason: 'expected a line of at most 1048576 bytes, found 1048587' },
      { line: 2, values: { user: '2' } },
    ]);
  });

  it('may be empty', async () => {
    expect(await read(await write('events.jsonl', ''))).toEqual([]);
  });
});

describe('a file that cannot be read', () => {
  it('is named by the error of the system when it is missing', async () => {
    const file = join(folder, 'none.csv');
    expect(await failure(file)).toMatchObject({ code: 'ENOENT', path: file });
  });

  it('is refused when it is a folder', async () => {
    const file = join(folder, 'events.csv');
    await mkdir(file);
    expect(await failure(file)).toMatchObject({ message: `${file}: expected a file, found a folder` });
  });

  it('is refused by its ending', async () => {
    const file = await write('events.parquet.gz', 'x');
    expect(await failure(file)).toMatchObject({
      message: `${file}: expected a file name that ends in .csv, .jsonl, .csv.gz or .jsonl.gz`,
    });
  });

  it.each([
    ['is not compressed', Buffer.from('user,item\n1,50\n')],
    ['is cut off', gzipSync('user,item\n1,50\n').subarray(0, -4)],
  ])('is refused when it %s', async (_, content) => {
    const file = await write('events.csv.gz', content);
    const error = await failure(file);
    expect(error).toBeInstanceOf(FileFormatError);
    expect(error).toMatchObject({
      message: expect.stringContaining(`${file}: expected gzip data: `) as string,
      cause: { code: expect.stringMatching(/^Z_/) as string },
    });
  });
});
