import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Writes a machine-readable report, `<folder>/<name>.json`, and returns its path. */
export async function writeReport(folder: string, name: string, report: object): Promise<string> {
  await mkdir(folder, { recursive: true });
  const file = join(folder, `${name}.json`);
  await writeFile(file, `${JSON.stringify(report, null, 2)}\n`);
  return file;
}
