import { spawnSync } from 'node:child_process';
import { join, resolve } from 'node:path';

import { nativeFolder } from './native-folder';

const script = resolve(__dirname, '../../../tools/setup-native.mjs');

describe('nativeFolder', () => {
  it.each([
    ['native', []],
    ['native-gpu', ['--gpu']],
  ] as const)('is where the setup installs: %s', (backend, args) => {
    for (const cache of [undefined, join('/', 'some', 'cache')]) {
      const env = { ...process.env, XDG_CACHE_HOME: cache };
      const printed = spawnSync(process.execPath, [script, '--print-folder', ...args], { env, encoding: 'utf8' });
      expect(printed.stdout.trim()).toBe(nativeFolder(backend, { XDG_CACHE_HOME: cache }));
    }
  });
});
