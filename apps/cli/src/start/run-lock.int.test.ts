import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { AlreadyRunningError, isProcessAlive, takeRunLock } from './run-lock';

describe('takeRunLock', () => {
  let folder: string;
  let file: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'gatehouse-lock-'));
    file = join(folder, 'processes', 'start.lock');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('is held by one process at a time', () => {
    const release = takeRunLock(file, 7, () => true);
    expect(() => takeRunLock(file, 8, () => true)).toThrow(new AlreadyRunningError(file, 7));
    release();
    takeRunLock(file, 8, () => true);
    expect(readFileSync(file, 'utf8')).toBe('8');
  });

  it.each(['7', '', 'no number'])('is taken over from a process that is gone (%j)', (left) => {
    takeRunLock(file, 1, () => true)();
    writeFileSync(file, left);
    takeRunLock(file, 8, () => false);
    expect(readFileSync(file, 'utf8')).toBe('8');
  });

  it('knows which processes run', () => {
    expect(isProcessAlive(process.pid)).toBe(true);
    expect(isProcessAlive(2 ** 30)).toBe(false);
  });
});
