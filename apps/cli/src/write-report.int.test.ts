import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { createCleanup, createTemporaryFolder } from '@gatehouse/testing';

import { writeReport } from './write-report';

const cleanup = createCleanup();
afterEach(() => cleanup.run());

describe('writeReport', () => {
  it('makes the folder, and replaces what was there', async () => {
    const folder = join(await createTemporaryFolder(cleanup), 'a', 'b');
    await writeReport(folder, 'start', { events: 100_000 });
    const file = await writeReport(folder, 'start', { events: 1, recallAt10: null });
    expect(file).toBe(join(folder, 'start.json'));
    expect(await readFile(file, 'utf8')).toBe('{\n  "events": 1,\n  "recallAt10": null\n}\n');
  });

  it('names the folder that cannot be made', async () => {
    const folder = await createTemporaryFolder(cleanup);
    const file = join(folder, 'file');
    await writeFile(file, '');
    await expect(writeReport(file, 'start', {})).rejects.toMatchObject({ code: 'EEXIST', path: file });
  });
});
