import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** How the commands that the setup calls behave. */
export interface FakeTools {
  /** Commands that are not there at all. */
  readonly missing?: readonly string[];
  /** Whether `python3 -m pip` runs. */
  readonly hasPip?: boolean;
  /** The package's own install script: its download works, its host is not to be reached, or it never ends. */
  readonly ownWay?: 'works' | 'fails' | 'hangs';
  /** Whether the compiler compiles. */
  readonly compiles?: boolean;
}

/** Stands for npm, python3 and g++: writes what they would write, without any network. */
const program = `
const { appendFileSync, mkdirSync, readFileSync, writeFileSync } = require('node:fs');
const { basename, join } = require('node:path');
const [name, args] = [basename(process.argv[1]), process.argv.slice(2)];
const { hasPip, ownWay, compiles } = JSON.parse(readFileSync(join(__dirname, 'behaviour.json'), 'utf8'));
if (!args.includes('--version')) appendFileSync(join(__dirname, 'calls'), JSON.stringify([name, ...args]) + '\\n');

// A package that multiplies when its own script or the compiler has brought a library.
const binding = (isGpu) => \`
const { existsSync } = require('node:fs');
const { join } = require('node:path');
const version = existsSync(join(__dirname, 'deps')) ? '2.9.1' : '2.19.1';
if (version === '2.19.1') require('node:fs').readFileSync(join(__dirname, 'lib/napi-v8/tfjs_binding.node'));
module.exports = {
  tensor2d: (rows) => rows,
  matMul: (a, b) => ({ dataSync: () => a.flatMap((row) => b[0].map((_, c) => row.reduce((sum, x, k) => sum + x * b[k][c], 0))) }),
  backend: () => ({ binding: { TF_Version: version }, isUsingGpuDevice: false }),
};
\`;
const write = (path, text) => {
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(path, text);
};

if (name === 'npm' && args[0] === 'install') {
  const asked = args.find((argument) => argument.startsWith('@tensorflow/')).replace(/@[\\d.]+$/, '');
  write(join('node_modules', asked, 'index.js'), binding(asked.endsWith('gpu')));
  write(join('node_modules', asked, 'index.js.map'), '{}');
} else if (name === 'npm' && args[0] === 'run') {
  if (ownWay === 'works') write('deps/lib/libtensorflow.so', '');
  else if (ownWay === 'hangs') setInterval(() => {}, 1e6);
  else {
    console.error('Error: getaddrinfo ENOTFOUND host.invalid\\n    at onlookup');
    process.exit(1);
  }
} else if (name === 'python3' && args[1] === 'pip' && !hasPip) {
  process.exit(1);
} else if (name === 'python3' && args[2] === 'download') {
  write(join(args.find((argument) => argument.startsWith('--dest=')).slice(7), 'a.whl'), 'wheel');
} else if (name === 'python3' && args[0] === '-c' && args.length === 3) {
  console.log("Requires-Dist: nvidia-cublas-cu12 ==12.5.3.2 ; extra == 'and-cuda'");
} else if (name === 'python3' && args[0] === '-c') {
  write(join(args[3], 'tensorflow/libtensorflow_cc.so.2'), 'library');
  write(join(args[3], 'tensorflow/include/tensorflow/c/c_api.h'), 'header');
} else if (name === 'g++' && !args.includes('--version')) {
  if (!compiles) {
    console.error('c_api.h: No such file or directory');
    process.exit(1);
  }
  writeFileSync(args[args.indexOf('-o') + 1], 'binding');
}
`;

/**
 * Makes a folder for the PATH that holds fake tools and nothing else.
 *
 * @returns the folder, and the calls of the tools so far, questions for versions left out.
 */
export function createFakeTools(folder: string, tools: FakeTools): { path: string; calls: () => string[][] } {
  const { missing = [], hasPip = true, ownWay = 'fails', compiles = true } = tools;
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'behaviour.json'), JSON.stringify({ hasPip, ownWay, compiles }));
  for (const name of ['npm', 'python3', 'g++'].filter((each) => !missing.includes(each))) {
    writeFileSync(join(folder, name), `#!${process.execPath}\n${program}`);
    chmodSync(join(folder, name), 0o755);
  }
  const log = join(folder, 'calls');
  const calls = (): string[][] =>
    existsSync(log)
      ? readFileSync(log, 'utf8')
          .trim()
          .split('\n')
          .map((line) => JSON.parse(line) as string[])
      : [];
  return { path: folder, calls };
}
