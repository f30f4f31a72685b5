import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * Replaces one benchmark's section of a page, between `<!-- bench:<id> -->` and `<!-- /bench:<id> -->`.
 *
 * @throws RangeError when the page has no such section: it decides what stands where.
 * @example writeSection('docs/benchmarks.md', 'sampling', table);
 */
export function writeSection(page: string, id: string, content: string): void {
  const text = readFileSync(page, 'utf8');
  const [open, close] = [`<!-- bench:${id} -->`, `<!-- /bench:${id} -->`];
  const [from, to] = [text.indexOf(open), text.indexOf(close)];
  if (from < 0 || to < from) throw new RangeError(`${page}: expected ${open} and ${close}, found no such section`);
  writeFileSync(page, `${text.slice(0, from + open.length)}\n\n${content.trim()}\n\n${text.slice(to)}`);
}

/** Writes a file, with the folders above it. */
export function writeResult(file: string, content: string): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, content);
}
