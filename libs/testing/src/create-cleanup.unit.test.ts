import { createCleanup } from './create-cleanup';

describe('createCleanup', () => {
  it('runs the steps once, last one first', async () => {
    const ran: string[] = [];
    const cleanup = createCleanup();
    for (const name of ['folder', 'process']) cleanup.add(() => void ran.push(name));

    await cleanup.run();
    await cleanup.run();

    expect(ran).toEqual(['process', 'folder']);
  });

  it('runs all steps when one fails, and says which', async () => {
    const ran: string[] = [];
    const cleanup = createCleanup();
    cleanup.add(() => void ran.push('folder'));
    cleanup.add(() => Promise.reject(new Error('still running')));

    await expect(cleanup.run()).rejects.toThrow('cleanup: Error: still running');

    expect(ran).toEqual(['folder']);
  });
});
