import { createCsvRecord } from './csv-record';
import type { Line } from './read-lines';

/** Fields of one record, or why its line begins none. */
export type CsvRow =
  { readonly line: number; readonly fields: readonly string[] } | { readonly line: number; readonly reason: string };

/**
 * Joins lines to CSV records, each named by its first line; blank lines between them are skipped.
 *
 * A line whose quote is not closed within `maxChars`, or at all, is a bad row by itself: reading goes on with the line after it, so
 * that one stray quote does not swallow the rest.
 */
export async function* readCsvRecords(lines: AsyncIterable<Line>, maxChars: number): AsyncGenerator<CsvRow> {
  /** The lines of the open record, and after a bad one those that are read again. */
  const pending: Line[] = [];
  let record = createCsvRecord();
  let taken = 0;
  let chars = 0;
  const drop = (count: number): void => {
    pending.splice(0, count);
    record = createCsvRecord();
    taken = 0;
    chars = 0;
  };

  function* readPending(isEnd: boolean): Generator<CsvRow> {
    while (pending.length > 0) {
      const [{ line: first }] = pending;
      if (taken === pending.length) {
        if (!isEnd) return; // the record goes on
        drop(1);
        yield { line: first, reason: 'expected a closing quote, found the end of the file' };
        continue;
      }
      const next = pending[taken++];
      if (taken === 1 && 'tooManyBytes' in next) {
        drop(1);
        yield { line: first, reason: `expected a line of at most ${maxChars} bytes, found ${next.tooManyBytes}` };
        continue;
      }
      if (taken === 1 && 'text' in next && next.text.trim() === '') {
        drop(1);
        continue;
      }
      chars += 'text' in next ? next.text.length : Infinity;
      if (!('text' in next) || chars > maxChars) {
        drop(1);
        yield { line: first, reason: `expected a closing quote within ${maxChars} characters, found none` };
        continue;
      }
      const state = record.add(next.text);
      if (state === 'open') continue;
      const { fields } = record;
      drop(taken);
      if (state === 'complete') yield { line: first, fields };
      else yield { line: first, reason: 'expected a comma after a closing quote' };
    }
  }

  for await (const line of lines) {
    pending.push(line);
    yield* readPending(false);
  }
  yield* readPending(true);
}
