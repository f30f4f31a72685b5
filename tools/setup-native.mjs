// `npm run setup:native [-- --gpu]`: installs the native TensorFlow backend in a folder outside of the work tree, for all clones of
// this user. It runs without anything installed, does nothing when it is there already, and tells what is missing.
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';

import { buildOnWheel, npmArguments } from './native/build-on-wheel.mjs';
import { checkBuildTools, checkNpm, checkSpace } from './native/check-needs.mjs';
import { bindingPackage, bindingVersion, nativeFolder } from './native/layout.mjs';
import { lastLines, MissingError, run } from './native/run.mjs';
import { verify } from './native/verify.mjs';

/** How long the package's own download may take. */
const ownWayTimeoutMs = 180_000;

const args = process.argv.slice(2);
const unknown = args.find((argument) => argument !== '--gpu' && argument !== '--print-folder');
if (unknown !== undefined) {
  console.error(`setup:native: expected --gpu, found ${unknown}`);
  process.exit(78);
}
const gpu = args.includes('--gpu');
const folder = nativeFolder(gpu);
if (args.includes('--print-folder')) {
  console.log(folder);
} else {
  try {
    setUp();
  } catch (error) {
    if (!(error instanceof MissingError)) throw error;
    console.error(`setup:native: ${error.message}`);
    process.exitCode = 1;
  }
}

function setUp() {
  if (existsSync(folder)) {
    const { found, problem } = verify(folder, gpu);
    if (found) {
      console.log(`setup:native: ${found} is there already, in ${folder}`);
      return;
    }
    console.log(`setup:native: what is in ${folder} does not work and is replaced: ${lastLines(problem, 1)}`);
    rmSync(folder, { recursive: true });
  }
  checkNpm();
  checkSpace(dirname(folder), gpu);
  // Two at a time each build their own; the second to end finds the folder taken by the same thing.
  const building = `${folder}.${process.pid}`;
  try {
    install(building);
    try {
      renameSync(building, folder);
    } catch (error) {
      if (!existsSync(folder)) throw error;
    }
  } finally {
    rmSync(building, { recursive: true, force: true });
  }
  const { found, problem } = verify(folder, gpu);
  if (!found) throw new MissingError(`the binding does not work in ${folder}:\n${lastLines(problem)}`);
  console.log(`setup:native: ${found} is ready, in ${folder}`);
}

/** The package's own way first; where its download is not to be had, the libraries of the wheel. */
function install(building) {
  mkdirSync(building, { recursive: true });
  const name = bindingPackage(gpu);
  console.log(`setup:native: ${name}@${bindingVersion} by its own install script`);
  const own = run('npm', npmArguments([`${name}@${bindingVersion}`], false), {
    cwd: building,
    timeoutMs: ownWayTimeoutMs,
  });
  const { found, problem } = own.status === 0 ? verify(building, gpu) : { problem: own.output };
  if (found) return;
  console.log(
    `setup:native: that did not work (${lastLines(problem, 1)}); building on the libraries of the PyPI wheel`,
  );
  checkBuildTools();
  rmSync(building, { recursive: true });
  mkdirSync(building, { recursive: true });
  buildOnWheel(building, gpu, (line) => console.log(`setup:native: ${line}`));
  const built = verify(building, gpu);
  if (!built.found && !gpu) throw new MissingError(`the binding does not work:\n${lastLines(built.problem)}`);
}
