import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { bindingFolder, bindingPackage, bindingVersion } from './layout.mjs';

/** N-API headers as an npm package, so that no headers of Node have to be found or downloaded. */
const headers = 'node-api-headers@1.9.0';
/** How long the package's own download may take. */
const ownWayTimeoutMs = 180_000;

/** Installs the npm package of the binding, without any library of TensorFlow. */
export async function installPackage({ mustRun }, folder, gpu) {
  const name = bindingPackage(gpu);
  const options = ['--prefix=.', '--no-save', '--no-audit', '--no-fund', '--loglevel=error', '--ignore-scripts'];
  await mustRun(`npm install ${name}`, 'npm', ['install', ...options, `${name}@${bindingVersion}`, headers], {
    cwd: folder,
  });
  // Two thirds of the packages are source maps, which Node would read with --enable-source-maps.
  const packages = join(folder, 'node_modules');
  for (const file of readdirSync(packages, { recursive: true })) {
    if (file.endsWith('.map')) rmSync(join(packages, file));
  }
}

/**
 * The package's own way: its install script downloads a TensorFlow of 2022. It is called by name, because newer versions of npm do not
 * run such scripts by themselves. It ends with a status other than 0 where its host cannot be reached.
 */
export function runOwnInstallScript({ run }, folder, gpu) {
  return run('npm', ['run', 'install'], { cwd: bindingFolder(folder, gpu), timeoutMs: ownWayTimeoutMs });
}
