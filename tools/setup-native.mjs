// `npm run setup:native [-- --gpu]`: installs the native TensorFlow backend in a folder outside of the work tree, for all clones of
// this user. It runs without anything installed, does nothing when it is there already, and tells what is missing.
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { constants } from 'node:os';
import { dirname } from 'node:path';

import { buildOnWheel } from './native/build-on-wheel.mjs';
import { checkBuildTools, checkNpm, checkSpace, wheelPlatform } from './native/check-needs.mjs';
import { createRunner, lastLines, reasonIn } from './native/create-runner.mjs';
import { installPackage, runOwnInstallScript } from './native/install-binding.mjs';
import { bindingPackage, bindingVersion, nativeFolder } from './native/layout.mjs';
import { buildingFolder, placeFolder, removeAbandoned } from './native/place-folder.mjs';
import { SetupError } from './native/setup-error.mjs';
import { verify } from './native/verify.mjs';

const log = (line) => console.log(`setup:native: ${line}`);
const stop = new AbortController();
const runner = createRunner({ signal: stop.signal });

const args = process.argv.slice(2);
const unknown = args.find((argument) => argument !== '--gpu' && argument !== '--print-folder');
const gpu = args.includes('--gpu');
const folder = nativeFolder(gpu);
if (unknown !== undefined) {
  console.error(`setup:native: expected --gpu or --print-folder, found ${unknown}`);
  process.exitCode = 78;
} else if (args.includes('--print-folder')) {
  console.log(folder);
} else {
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(name, () => stop.abort(name));
  try {
    await setUp();
  } catch (error) {
    if (!stop.signal.aborted && !(error instanceof SetupError)) throw error;
    console.error(`setup:native: ${stop.signal.aborted ? `stopped by ${stop.signal.reason}` : error.message}`);
    process.exitCode = stop.signal.aborted ? 128 + constants.signals[stop.signal.reason] : 1;
  }
}

async function setUp() {
  const isThere = existsSync(folder);
  if (isThere) {
    const { problem, ...found } = await verify(runner, folder, gpu);
    if (problem === undefined) return log(`${describe(found)} is there already, in ${folder}`);
    log(`what is in ${folder} does not work and will be replaced: ${reasonIn(problem)}`);
  }
  removeAbandoned(folder);
  await checkNpm(runner);
  checkSpace(dirname(folder), gpu);
  const building = buildingFolder(folder);
  try {
    mkdirSync(building);
    const found = await install(building);
    placeFolder(building, folder, { replace: isThere });
    log(`${describe(found)} is ready, in ${folder}`);
  } finally {
    rmSync(building, { recursive: true, force: true });
  }
}

/** The package's own way first; where its download is not to be had, the libraries of the wheel. Returns what `verify` found. */
async function install(building) {
  log(`npm: ${bindingPackage(gpu)}@${bindingVersion}`);
  await installPackage(runner, building, gpu);
  log("the package's own install script");
  const own = await runOwnInstallScript(runner, building, gpu);
  const { problem: ownProblem, ...ownFound } =
    own.status === 0 ? await verify(runner, building, gpu) : { problem: own.output };
  if (ownProblem === undefined && (!gpu || ownFound.usesGpu)) return ownFound;

  const why = ownProblem === undefined ? `${describe(ownFound)} comes of it` : reasonIn(ownProblem);
  log(`that did not work (${why}); building on the libraries of the PyPI wheel`);
  const platform = wheelPlatform(gpu);
  await checkBuildTools(runner);
  await buildOnWheel(runner, building, { gpu, platform, log });
  const { problem, ...found } = await verify(runner, building, gpu);
  if (problem !== undefined) throw new SetupError(`the binding does not work:\n${lastLines(problem)}`);
  return found;
}

function describe({ version, usesGpu }) {
  return `TensorFlow ${version}${gpu && !usesGpu ? ', which finds no GPU here (apps pass it over),' : ''}`;
}
