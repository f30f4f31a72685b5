import { createReadStream, type ReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';

import { type CsvRow, readCsvRecords } from './read-csv-records';
import { type Line, readLines } from './read-lines';

/** One row of a file, or why its line is none. Lines count from 1. */
export type Row =
  | { readonly line: number; readonly values: Readonly<Record<string, unknown>> }
  | { readonly line: number; readonly reason: string };

/** A file that is not what its name or first line promises. */
export class FileFormatError extends Error {
  override readonly name = 'FileFormatError';
  constructor(
    readonly file: string,
    problem: string,
    options?: ErrorOptions,
  ) {
    super(`${file}: ${problem}`, options);
  }
}

/** The rows of a file, and how much of it is read. */
export interface RowFile {
  readonly totalBytes: number;
  readonly bytesRead: () => number;
  readonly rows: AsyncIterable<Row>;
}

/** Longest row that is read: an event or an item is far smaller. */
const maxRowBytes = 1 << 20;

/**
 * Opens the rows of a `.csv` (with a header) or `.jsonl` file, `.gz` or not, one after the other. A bad row is passed on with its
 * reason; only a file that cannot be read, or has the wrong columns, throws.
 *
 * @param required columns that a CSV must have.
 * @throws FileFormatError, or an error with code ENOENT when there is no such file.
 */
export async function openRows(file: string, required: readonly string[]): Promise<RowFile> {
  const name = file.replace(/\.gz$/, '');
  const isCsv = name.endsWith('.csv');
  if (!isCsv && !/\.(jsonl|ndjson)$/.test(name)) {
    throw new FileFormatError(file, 'expected a file name that ends in .csv, .jsonl, .csv.gz or .jsonl.gz');
  }
  const status = await stat(file);
  if (status.isDirectory()) throw new FileFormatError(file, 'expected a file, found a folder');
  const raw = createReadStream(file);
  const lines = readLines(name === file ? raw : unzip(file, raw), maxRowBytes);
  const rows = isCsv ? readCsv(file, readCsvRecords(lines, maxRowBytes), required) : readJsonLines(lines);
  return { totalBytes: status.size, bytesRead: () => raw.bytesRead, rows };
}

async function* unzip(file: string, raw: ReadStream): AsyncGenerator<Buffer> {
  const plain = createGunzip();
  pipeline(raw, plain, () => undefined); // each is destroyed with the other; what fails is thrown below
  try {
    yield* plain as AsyncIterable<Buffer>;
  } catch (cause) {
    const { code = '', message } = cause as NodeJS.ErrnoException;
    if (!code.startsWith('Z_')) throw cause;
    throw new FileFormatError(file, `expected gzip data: ${message}`, { cause });
  }
}

async function* readCsv(
  file: string,
  records: AsyncIterable<CsvRow>,
  required: readonly string[],
): AsyncGenerator<Row> {
  let header: readonly string[] | undefined;
  for await (const record of records) {
    if (!header) header = headerOf(file, record, required);
    else if ('reason' in record) yield record;
    else if (record.fields.length !== header.length) {
      yield { line: record.line, reason: `expected ${header.length} columns, found ${record.fields.length}` };
    } else {
      const { line, fields } = record;
      yield { line, values: Object.fromEntries(header.map((column, i) => [column, fields[i]])) };
    }
  }
  if (!header) {
    throw new FileFormatError(file, `expected a header with the columns ${required.join(', ')}, found an empty file`);
  }
}

function headerOf(file: string, record: CsvRow, required: readonly string[]): readonly string[] {
  if ('reason' in record) throw new FileFormatError(file, `line ${record.line}: ${record.reason}`);
  const columns = record.fields.map((column) => column.trim());
  if (!required.every((column) => columns.includes(column))) {
    throw new FileFormatError(
      file,
      `line ${record.line}: expected the columns ${required.join(', ')}, found ${columns.join(', ')}`,
    );
  }
  const twice = columns.find((column, i) => columns.indexOf(column) < i);
  if (twice !== undefined) {
    throw new FileFormatError(file, `line ${record.line}: expected columns of different names, found ${twice} twice`);
  }
  return columns;
}

async function* readJsonLines(lines: AsyncIterable<Line>): AsyncGenerator<Row> {
  for await (const { line, ...content } of lines) {
    if ('tooManyBytes' in content) {
      yield { line, reason: `expected a line of at most ${maxRowBytes} bytes, found ${content.tooManyBytes}` };
    } else if (content.text.trim() !== '') yield jsonRow(line, content.text);
  }
}

function jsonRow(line: number, text: string): Row {
  try {
    const values: unknown = JSON.parse(text);
    return typeof values === 'object' && values !== null && !Array.isArray(values)
      ? { line, values: values as Record<string, unknown> }
      : { line, reason: `expected a JSON object, found ${text.slice(0, 60)}` };
  } catch (error) {
    return { line, reason: `not JSON: ${(error as Error).message}` };
  }
}
