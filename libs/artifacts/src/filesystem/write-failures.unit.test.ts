import { DiskFullError, StoreWriteError } from '../errors';
import { draftOf, publish } from '../model-store.contract';
import { createFilesystemModelStore } from './filesystem-model-store';
import { hookFs } from './testing/hook-fs';
import { createPowerCutFs } from './testing/power-cut-fs';

const folder = '/store';
const codes = ['ENOSPC', 'EIO', 'EROFS', 'EACCES'];

describe('a disk that refuses', () => {
  it('leaves the state before intact at each call, names the path, and lets the same calls succeed later', async () => {
    const draft = draftOf('1-2', 2);
    for (let failsAt = 1, failed = true; failed; failsAt++) {
      failed = false;
      let calls = -Infinity;
      const code = codes[failsAt % codes.length];
      const disk = createPowerCutFs();
      const fs = hookFs(disk, async ({ tear }) => {
        if (++calls !== failsAt) return;
        await tear();
        failed = true;
        throw Object.assign(new Error(code), { code, syscall: 'simulated', path: '/store/somewhere' });
      });
      const store = createFilesystemModelStore({ folder, fs: disk });
      const writer = await createFilesystemModelStore({ folder, fs }).lead('trainer');
      await publish(writer, 1);

      calls = 0;
      const errors: unknown[] = [];
      const twice = async (call: () => Promise<unknown>): Promise<void> => {
        await call().catch(async (error: unknown) => {
          errors.push(error);
          expect((await store.load('1-1')).parts['towers'].metadata).toEqual({ value: 1 });
          expect(disk.paths().filter((path) => path.includes('.tmp-'))).toEqual([]);
          await call();
        });
      };
      await twice(() => writer.save(draft));
      await twice(() => writer.point('checkpoint', { version: '1-2' }));

      expect(errors).toEqual(
        failed ? [expect.objectContaining({ name: 'StoreWriteError', code, path: '/store/somewhere' })] : [],
      );
      expect(await store.pointer('checkpoint')).toEqual({ version: '1-2' });
      expect((await store.load('1-2')).parts['towers'].metadata).toEqual({ value: 2 });
    }
    expect.hasAssertions();
  });

  it('is found full before anything is written', async () => {
    const roomy = createPowerCutFs();
    const { files } = await (
      await createFilesystemModelStore({ folder, fs: roomy }).lead('trainer')
    ).save(draftOf('1-1'));
    const partBytes = files.reduce((sum, { bytes }) => sum + bytes, 0);

    const fs = createPowerCutFs(2 * partBytes);
    const writer = await createFilesystemModelStore({ folder, fs }).lead('trainer');
    const before = fs.paths();
    const error = await writer.save(draftOf('1-1')).catch((each: unknown) => each);
    expect(error).toBeInstanceOf(DiskFullError);
    expect(error).toBeInstanceOf(StoreWriteError);
    expect(error).toMatchObject({ path: folder, code: 'ENOSPC', freeBytes: 2 * partBytes });
    expect(fs.paths()).toEqual(before);
  });

  it.each([
    [0, false],
    [1, true],
  ])('takes a version when %d bytes more than twice its size are free: %p', async (extraBytes, taken) => {
    const clock = { nowMs: () => 0 };
    const tight = createFilesystemModelStore({ folder, fs: createPowerCutFs(0), clock });
    const { neededBytes } = (await (
      await tight.lead('trainer')
    )
      .save(draftOf('1-1'))
      .catch((error: unknown) => error as DiskFullError)) as DiskFullError;
    const store = createFilesystemModelStore({ folder, fs: createPowerCutFs(neededBytes + extraBytes), clock });
    await (await store.lead('trainer')).save(draftOf('1-1')).catch(() => undefined);
    expect(await store.list()).toEqual(taken ? ['1-1'] : []);
  });
});
