import { mkdirSync, statfsSync } from 'node:fs';

import { MissingError, run } from './run.mjs';

/** What the setup takes at its largest, before the downloads are removed. The CUDA wheels are most of it. */
const neededBytes = { cpu: 2.5e9, gpu: 12e9 };

/** @throws MissingError unless the disk of a folder has room. */
export function checkSpace(folder, gpu, freeBytes = freeBytesOf) {
  mkdirSync(folder, { recursive: true });
  const needed = neededBytes[gpu ? 'gpu' : 'cpu'];
  const free = freeBytes(folder);
  if (free >= needed) return;
  const gigabytes = (bytes) => `${(bytes / 1e9).toFixed(1)} GB`;
  throw new MissingError(
    `space: expected ${gigabytes(needed)} free under ${folder}, found ${gigabytes(free)}. Free some, or set XDG_CACHE_HOME to a folder elsewhere.`,
  );
}

function freeBytesOf(folder) {
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize;
}

/** @throws MissingError unless npm runs. */
export function checkNpm() {
  if (run('npm', ['--version']).status !== 0) {
    throw new MissingError('npm: expected it on the PATH, found none. It comes with Node: https://nodejs.org.');
  }
}

/** What building on the wheel's libraries needs. @throws MissingError for the first that is missing. */
export function checkBuildTools() {
  const platform = `${process.platform}-${process.arch}`;
  if (!(platform in wheelPlatforms)) {
    const known = Object.keys(wheelPlatforms).join(', ');
    throw new MissingError(
      `platform: expected one of ${known}, found ${platform}. Gatehouse runs on the wasm backend here.`,
    );
  }
  if (run('python3', ['--version']).status !== 0) {
    throw new MissingError(
      'python3: expected it on the PATH, found none. Install it (Debian: apt-get install python3 python3-pip).',
    );
  }
  if (run('python3', ['-m', 'pip', '--version']).status !== 0) {
    throw new MissingError(
      'pip: expected python3 -m pip to run, found no such module. Install it (Debian: apt-get install python3-pip).',
    );
  }
  if (run('g++', ['--version']).status !== 0) {
    throw new MissingError(
      'g++: expected a C++17 compiler on the PATH, found none. Install it (Debian: apt-get install g++).',
    );
  }
}

/** Platforms that the wheel exists for, in the words of its file names. */
export const wheelPlatforms = {
  'linux-x64': 'manylinux_2_17_x86_64',
  'linux-arm64': 'manylinux_2_17_aarch64',
};
