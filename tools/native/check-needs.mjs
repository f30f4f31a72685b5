import { mkdirSync, statfsSync } from 'node:fs';

import { SetupError } from './setup-error.mjs';

/**
 * What the setup takes at its largest, while the last wheel is there beside what came out of it (1.1 and 4.6 GB, measured), and
 * something to spare. CUDA is most of it.
 */
const neededBytes = { cpu: 1.5e9, gpu: 6e9 };

/** Platforms that the wheel exists for, in the words of its file names. */
const wheelPlatforms = { 'linux-x64': 'manylinux2014_x86_64', 'linux-arm64': 'manylinux2014_aarch64' };

/** @throws SetupError unless the folder can be made and its disk has room. */
export function checkSpace(folder, gpu, freeBytes = freeBytesOf) {
  try {
    mkdirSync(folder, { recursive: true });
  } catch (error) {
    throw new SetupError(
      `folder: expected to write under ${folder}, found ${error.code}. Set XDG_CACHE_HOME to a folder of yours.`,
    );
  }
  const needed = neededBytes[gpu ? 'gpu' : 'cpu'];
  const free = freeBytes(folder);
  if (free >= needed) return;
  const gigabytes = (bytes) => `${(bytes / 1e9).toFixed(1)} GB`;
  throw new SetupError(
    `space: expected ${gigabytes(needed)} free under ${folder}, found ${gigabytes(free)}. Free some, or set XDG_CACHE_HOME to a folder elsewhere.`,
  );
}

function freeBytesOf(folder) {
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize;
}

/** @throws SetupError unless npm runs. */
export async function checkNpm({ run }) {
  if ((await run('npm', ['--version'])).status !== 0) {
    throw new SetupError('npm: expected it on the PATH, found none. It comes with Node: https://nodejs.org.');
  }
}

/** What building on the wheel's libraries needs. @throws SetupError for the first that is missing. */
export async function checkBuildTools({ run }) {
  if ((await run('python3', ['--version'])).status !== 0) {
    throw new SetupError(
      'python3: expected it on the PATH, found none. Install it (Debian: apt-get install python3 python3-pip).',
    );
  }
  if ((await run('python3', ['-m', 'pip', '--version'])).status !== 0) {
    throw new SetupError(
      'pip: expected python3 -m pip to run, found no such module. Install it (Debian: apt-get install python3-pip).',
    );
  }
  if ((await run('g++', ['--version'])).status !== 0) {
    throw new SetupError(
      'g++: expected a C++17 compiler on the PATH, found none. Install it (Debian: apt-get install g++).',
    );
  }
}

/** Tag of the wheels for this machine. @throws SetupError where there are none. */
export function wheelPlatform(gpu, host = hostPlatform()) {
  const known = gpu ? ['linux-x64'] : Object.keys(wheelPlatforms);
  if (known.includes(host)) return wheelPlatforms[host];
  throw new SetupError(
    `platform: expected ${known.join(' or ')} with glibc${gpu ? ' for --gpu' : ''}, found ${host}. Gatehouse runs on WebAssembly here.`,
  );
}

function hostPlatform() {
  const isGlibc = process.platform !== 'linux' || process.report.getReport().header.glibcVersionRuntime !== undefined;
  return `${process.platform}-${process.arch}${isGlibc ? '' : ' with another C library'}`;
}
