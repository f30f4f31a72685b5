import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

import { nativeFolder } from './native-folder';

const root = resolve(__dirname, '../../..');

describe('nativeFolder', () => {
  it.each([
    { backend: 'native', args: [] },
    { backend: 'native-gpu', args: ['--gpu'] },
  ] as const)('is where the setup installs: $backend', ({ backend, args }) => {
    for (const cache of [undefined, '', 'relative/cache', '/some/cache']) {
      const env = { ...process.env, XDG_CACHE_HOME: cache };
      const script = join(root, 'tools/setup-native.mjs');
      const printed = spawnSync(process.execPath, [script, '--print-folder', ...args], { env, encoding: 'utf8' });
      expect(printed.stdout.trim()).toBe(nativeFolder(backend, { XDG_CACHE_HOME: cache }));
    }
  });

  it('is in the cache that the user chose, or in the usual one', () => {
    const name = `tfjs-4.22.0-tf-2.19.1-${process.platform}-${process.arch}-cpu-1`;
    expect(nativeFolder('native', { XDG_CACHE_HOME: '/some/cache' })).toBe(`/some/cache/gatehouse/native/${name}`);
    expect(nativeFolder('native', {})).toBe(join(homedir(), '.cache/gatehouse/native', name));
  });

  it('has the version of the rest of TensorFlow.js: both copies of its core share one engine', () => {
    const readManifest = (file: string) =>
      JSON.parse(readFileSync(join(root, file), 'utf8')) as Record<string, Record<string, string>>;
    const version = readManifest('package.json')['dependencies']['@tensorflow/tfjs-core'];
    expect(readManifest('libs/towers/package.json')['peerDependencies']).toEqual({
      '@tensorflow/tfjs-node': version,
      '@tensorflow/tfjs-node-gpu': version,
    });
    expect(nativeFolder('native', {})).toContain(`/tfjs-${version}-`);
  });
});
