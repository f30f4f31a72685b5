import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { createGunzip } from 'node:zlib';

import { parse } from 'csv-parse';

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
  ) {
    super(`${file}: ${problem}`);
  }
}

/** The rows of a file, and how much of it is read. */
export interface RowFile {
  readonly totalBytes: number;
  readonly bytesRead: () => number;
  readonly rows: AsyncIterable<Row>;
}

/** Longest line that is read: an event or an item is far smaller. */
const maxLineBytes = 1 << 20;

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
  const { size: totalBytes } = await stat(file);
  const raw = createReadStream(file);
  const bytes = name === file ? raw : raw.pipe(createGunzip());
  raw.on('error', (error: Error) => bytes.destroy(error));
  const rows = isCsv ? readCsv(file, bytes, required) : readJsonLines(bytes);
  return { totalBytes, bytesRead: () => raw.bytesRead, rows };
}

async function* readCsv(file: string, bytes: NodeJS.ReadableStream, required: readonly string[]): AsyncGenerator<Row> {
  const parser = parse({
    bom: true,
    info: true,
    relax_column_count: true,
    relax_quotes: true,
    skip_empty_lines: true,
    max_record_size: maxLineBytes,
  });
  bytes.on('error', (error: Error) => parser.destroy(error));
  let header: string[] | undefined;
  for await (const { record, info } of bytes.pipe(parser) as AsyncIterable<{
    record: string[];
    info: { lines: number };
  }>) {
    if (!header) {
      header = record.map((column) => column.trim());
      const missing = required.filter((column) => !header?.includes(column));
      if (missing.length > 0) {
        throw new FileFormatError(
          file,
          `line 1: expected the columns ${required.join(', ')}, found ${header.join(', ')}`,
        );
      }
      continue;
    }
    if (record.length !== header.length) {
      yield { line: info.lines, reason: `expected ${header.length} columns, found ${record.length}` };
      continue;
    }
    yield { line: info.lines, values: Object.fromEntries(header.map((column, i) => [column, record[i]])) };
  }
  if (!header)
    throw new FileFormatError(file, `expected a header with the columns ${required.join(', ')}, found an empty file`);
}

async function* readJsonLines(bytes: NodeJS.ReadableStream): AsyncGenerator<Row> {
  let line = 0;
  for await (const text of createInterface({ input: bytes, crlfDelay: Infinity })) {
    line++;
    if (text.trim() === '') continue;
    if (text.length > maxLineBytes) {
      yield { line, reason: `expected at most ${maxLineBytes} characters, found ${text.length}` };
      continue;
    }
    try {
      const values: unknown = JSON.parse(text);
      if (typeof values === 'object' && values !== null && !Array.isArray(values)) {
        yield { line, values: values as Record<string, unknown> };
      } else yield { line, reason: `expected a JSON object, found ${text.slice(0, 60)}` };
    } catch (error) {
      yield { line, reason: `not JSON: ${(error as Error).message}` };
    }
  }
}
