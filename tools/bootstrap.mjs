// What `npm start`, `npm test` and `./gatehouse` share: installs what is missing, builds what is stale, then does the work.
// It runs before anything is installed, so it uses nothing but Node.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const installStamp = join(root, 'node_modules', '.gatehouse-lock');
const apps = ['trainer', 'embedder', 'retriever', 'cli'];

function fail(message, status = 1) {
  console.error(message);
  process.exit(status);
}

function checkNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  const fits = (major === 20 && minor >= 19) || (major === 22 && minor >= 13) || major >= 24;
  if (!fits) fail(`Gatehouse needs Node 20.19 or later, 22.13 or later, or 24; found ${process.versions.node}.`, 78);
}

function run(command, args, { cwd = root, env = {} } = {}) {
  const { status, signal, error } = spawnSync(command, args, {
    cwd,
    env: { ...process.env, ...env },
    stdio: 'inherit',
  });
  if (error) fail(`${command}: ${error.message}`);
  return signal ? 128 : status;
}

function nx(args) {
  return run(process.execPath, [join(root, 'node_modules', 'nx', 'dist', 'bin', 'nx.js'), ...args], {
    env: { NX_TUI: 'false' },
  });
}

/** Installs exactly what the lock file says, when the installed packages do not come from it. Returns whether it did. */
function install() {
  const platform = `${process.platform}-${process.arch}`; // native packages differ
  const wanted = createHash('sha256')
    .update(platform)
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex');
  if (existsSync(installStamp) && readFileSync(installStamp, 'utf8') === wanted) return;
  console.log('Installing packages (npm ci) ...');
  const status = run('npm', ['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error']);
  if (status !== 0) fail(`npm ci ended with status ${status}.`, status);
  writeFileSync(installStamp, wanted);
}

function newestMs(folder) {
  let newest = 0;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.name === 'node_modules' || entry.name === 'dist') continue;
    const path = join(folder, entry.name);
    newest = Math.max(newest, entry.isDirectory() ? newestMs(path) : statSync(path).mtimeMs);
  }
  return newest;
}

function build() {
  const outputs = apps.map((app) => join(root, 'dist', 'apps', app, 'main.js'));
  const sources = Math.max(newestMs(join(root, 'apps')), newestMs(join(root, 'libs')), statSync(installStamp).mtimeMs);
  if (outputs.every((file) => existsSync(file) && statSync(file).mtimeMs > sources)) return;
  const status = nx(['run-many', '-t', 'build', '-p', apps.join(','), '--output-style=stream-without-prefixes']);
  if (status !== 0) fail(`The build ended with status ${status}.`, status);
  const now = new Date();
  for (const file of outputs) utimesSync(file, now, now); // outputs from the cache keep their old times
}

/** Hands over to the built command line; signals go to it, and its exit status becomes ours. */
function startCli(args, env = {}) {
  const child = spawn(
    process.execPath,
    ['--enable-source-maps', join(root, 'dist', 'apps', 'cli', 'main.js'), ...args],
    {
      env: { ...process.env, GATEHOUSE_ROOT: root, ...env },
      stdio: 'inherit',
    },
  );
  process.on('SIGINT', () => {}); // a terminal sends it to the child as well, which then ends on its own terms
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  child.on('error', (error) => fail(`gatehouse: ${error.message}`));
  child.on('exit', (code, signal) => process.exit(signal ? 128 : code));
}

/** Lint, types, unit and integration tests, end-to-end tests, and a tree that generated files left clean. */
function test() {
  const dirtyBefore = dirtyFiles();
  const steps = [
    ['run-many', '-t', 'codegen'], // alone: it empties folders that the others read
    ['run-many', '-t', 'lint', 'typecheck', 'unit-test'],
    ['run-many', '-t', 'int-test', '--parallel=1'],
    ['run-many', '-t', 'e2e-test', '--parallel=1'],
  ];
  for (const step of steps) {
    const status = nx([...step, '--output-style=static']);
    if (status !== 0) fail(`npm test: nx ${step.join(' ')} ended with status ${status}.`, status);
  }
  const changed = dirtyFiles().filter((line) => !dirtyBefore.includes(line));
  if (changed.length > 0) fail(`npm test: the run changed files that are in version control:\n${changed.join('\n')}`);
  console.log('npm test: all checks passed');
}

function dirtyFiles() {
  const { status, stdout } = spawnSync('git', ['status', '--porcelain'], { cwd: root, encoding: 'utf8' });
  return status === 0 ? stdout.split('\n').filter(Boolean) : [];
}

checkNode();
const [command, ...args] = process.argv.slice(2);
install();
const installedMs = Date.now();
switch (command) {
  case 'start':
    build();
    startCli(['start', ...args], { GATEHOUSE_INSTALLED_MS: String(installedMs) });
    break;
  case 'gatehouse':
    build();
    startCli(args);
    break;
  case 'test':
    test();
    break;
  default:
    fail(`tools/bootstrap.mjs: expected start, test or gatehouse, found ${command}`, 64);
}
