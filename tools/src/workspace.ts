import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';

/** The folder of the repository. */
export const root = join(__dirname, '../..');

/** Folders whose content is not written by people, or not in version control. */
const skipped = new Set(['node_modules', 'dist', 'data', 'reports', 'var', 'coverage']);

/** Paths, from the root on, of the repository's files whose name `matches`. */
export function findFiles(matches: (name: string) => boolean, folder = root): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) {
      return skipped.has(entry.name) || entry.name.startsWith('.') ? [] : findFiles(matches, path);
    }
    return matches(entry.name) ? [relative(root, path)] : [];
  });
}

/** Text of a file of the repository. */
export function readRepositoryFile(path: string): string {
  return readFileSync(join(root, path), 'utf8');
}
