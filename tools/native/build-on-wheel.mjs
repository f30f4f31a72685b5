import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { bindingFolder, tensorflowVersion } from './layout.mjs';

/** The libraries are the same for every Python: a version that has the wheel is named, whichever is installed. */
const wheelPython = '3.11';
/** N-API version of the binding: one build serves Node 18 and later. */
const napiVersion = 8;

/** Prints the metadata of the first wheel in a folder. */
const printMetadata = `
import glob, sys, zipfile
with zipfile.ZipFile(glob.glob(sys.argv[1] + '/*.whl')[0]) as wheel:
    print(wheel.read(next(name for name in wheel.namelist() if name.endswith('.dist-info/METADATA'))).decode())
`;

/** Unpacks what is needed of each wheel in a folder, and removes the wheel: TensorFlow's libraries and headers, and CUDA's libraries. */
const unpackWheels = `
import glob, os, sys, zipfile
source, target = sys.argv[1:]
include = 'tensorflow/include/'
wanted = ('tensorflow/libtensorflow', *(include + part for part in
    ('tensorflow/c/', 'tensorflow/core/platform/', 'tsl/', 'xla/tsl/', 'absl/')))
for path in glob.glob(source + '/*.whl'):
    with zipfile.ZipFile(path) as wheel:
        for name in wheel.namelist():
            if name.startswith(wanted) or (name.startswith('nvidia/') and '/lib/' in name):
                wheel.extract(name, target)
    os.remove(path)
`;

/**
 * Builds the binding on the libraries of the PyPI TensorFlow wheel: newer than what the package's own script brings, and for recent
 * GPUs the only way. `site` has the folders that pip would make, because the libraries find CUDA relative to themselves
 * (`$ORIGIN/../nvidia/cublas/lib` and so on): nobody has to set LD_LIBRARY_PATH.
 *
 * @param platform tag of the wheels.
 */
export async function buildOnWheel({ mustRun }, folder, { gpu, platform, log }) {
  const [wheels, site] = [join(folder, 'wheels'), join(folder, 'site')];
  for (const each of [wheels, site]) mkdirSync(each);
  const pip = (requirements) =>
    mustRun('pip download', 'python3', pipArguments(wheels, platform, requirements), {
      cwd: folder,
      env: { TMPDIR: wheels }, // /tmp may be small
    });

  log(`pip: TensorFlow ${tensorflowVersion} (${gpu ? 650 : 250} MB)`);
  await pip([tensorflowRequirement(gpu, platform)]);
  if (gpu) {
    log('pip: the libraries of CUDA (1.8 GB)');
    await pip(cudaRequirements(await mustRun('reading the wheel', 'python3', ['-c', printMetadata, wheels])));
  }
  log('unpacking the libraries');
  await mustRun('unpacking the wheels', 'python3', ['-c', unpackWheels, wheels, site]);

  log('g++: the binding');
  const binding = bindingFolder(folder, gpu);
  for (const part of ['deps', 'lib']) rmSync(join(binding, part), { recursive: true, force: true }); // its own way may have left them
  mkdirSync(join(binding, 'lib', `napi-v${napiVersion}`), { recursive: true });
  await mustRun('g++', 'g++', compilerArguments(folder, binding), { cwd: folder });
  rmSync(wheels, { recursive: true });
  rmSync(join(site, 'tensorflow', 'include'), { recursive: true, force: true }); // only the build needs it
}

/** Which wheel has the libraries. */
export function tensorflowRequirement(gpu, platform) {
  const withoutCuda = platform.endsWith('x86_64') ? 'tensorflow-cpu' : 'tensorflow'; // elsewhere there is no other
  return `${gpu ? 'tensorflow' : withoutCuda}==${tensorflowVersion}`;
}

/** Requirements of the extra `and-cuda` in a wheel's metadata: the CUDA libraries that this TensorFlow was tested with. */
export function cudaRequirements(metadata) {
  return [...metadata.matchAll(/^Requires-Dist: (\S+) ?==([\w.]+) ?; extra == ['"]and-cuda['"]\r?$/gm)].map(
    ([, name, version]) => `${name}==${version}`,
  );
}

/** Arguments of python3 to download wheels for a platform, whichever Python is installed. */
export function pipArguments(wheels, platform, requirements) {
  return [
    ...['-m', 'pip', 'download', '--disable-pip-version-check', '--quiet', '--no-cache-dir', '--no-deps'],
    ...['--only-binary=:all:', '--implementation=cp', `--python-version=${wheelPython}`, `--platform=${platform}`],
    ...[`--dest=${wheels}`, ...requirements],
  ];
}

/** Arguments of g++. The binding finds the libraries relative to itself, so the folder can be moved. */
export function compilerArguments(folder, binding) {
  const tensorflow = join(folder, 'site', 'tensorflow');
  const includes = [join(tensorflow, 'include'), join(folder, 'node_modules', 'node-api-headers', 'include')];
  return [
    ...['-std=c++17', '-O2', '-shared', '-fPIC', `-DNAPI_VERSION=${napiVersion}`],
    ...includes.map((path) => `-I${path}`),
    ...['tfjs_backend.cc', 'tfjs_binding.cc'].map((file) => join(binding, 'binding', file)),
    ...['-o', join(binding, 'lib', `napi-v${napiVersion}`, 'tfjs_binding.node')],
    ...[`-L${tensorflow}`, '-l:libtensorflow_cc.so.2', '-l:libtensorflow_framework.so.2'],
    '-Wl,-rpath,$ORIGIN/../../../../../site/tensorflow',
  ];
}
