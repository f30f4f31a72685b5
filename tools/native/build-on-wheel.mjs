import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { wheelPlatforms } from './check-needs.mjs';
import { bindingPackage, bindingVersion, tensorflowVersion } from './layout.mjs';
import { mustRun } from './run.mjs';

/** N-API headers as an npm package, so that no headers of Node have to be found or downloaded. */
const headers = 'node-api-headers@1.9.0';
/** The wheel is the same for every Python; one that it exists for is named, whichever is installed. */
const wheelPython = '3.11';
/** N-API version of the binding: one build serves Node 18 to 24. */
const napiVersion = 8;

/** Unpacks what is needed of all wheels in a folder: libraries, headers of TensorFlow, and CUDA's libraries. */
const unpackWheels = `
import glob, sys, zipfile
source, target = sys.argv[1:]
wanted = ('tensorflow/include/tensorflow/', 'tensorflow/include/xla/', 'tensorflow/include/tsl/', 'tensorflow/libtensorflow')
for path in glob.glob(source + '/*.whl'):
    with zipfile.ZipFile(path) as wheel:
        for name in wheel.namelist():
            if name.startswith(wanted) or (name.startswith('nvidia/') and '/lib/' in name):
                wheel.extract(name, target)
`;

/**
 * Builds the binding on the libraries of the PyPI TensorFlow wheel: newer than the library of 2022 that the package's own script brings,
 * and for recent GPUs the only way. Layout in `folder`: `node_modules` with the binding, `site/tensorflow` with the libraries beside
 * `site/nvidia`, as pip would lay them, because the libraries find CUDA relative to themselves.
 */
export function buildOnWheel(folder, gpu, log) {
  const name = bindingPackage(gpu);
  log(`npm: ${name}@${bindingVersion} without its install script`);
  mustRun(`npm install ${name}`, 'npm', npmArguments([`${name}@${bindingVersion}`, headers], true), { cwd: folder });

  const wheels = join(folder, 'wheels');
  const site = join(folder, 'site');
  for (const each of [wheels, site]) mkdirSync(each, { recursive: true });
  log(`pip: the libraries of TensorFlow ${tensorflowVersion}${gpu ? ' and of CUDA 12' : ''}`);
  mustRun('pip download', 'python3', pipArguments(wheels, gpu), { cwd: folder });
  mustRun('unpacking the wheel', 'python3', ['-c', unpackWheels, wheels, site]);
  rmSync(wheels, { recursive: true });

  log('g++: the binding');
  const binding = join(folder, 'node_modules', ...name.split('/'));
  mkdirSync(join(binding, 'lib', `napi-v${napiVersion}`), { recursive: true });
  mustRun('g++', 'g++', compilerArguments(folder, binding, gpu), { cwd: folder });
  rmSync(join(site, 'tensorflow', 'include'), { recursive: true }); // 70 MB that only the build needs
}

/** Arguments of npm for a folder of its own. */
export function npmArguments(packages, ignoreScripts) {
  return [
    'install',
    '--prefix=.',
    '--no-save',
    '--no-audit',
    '--no-fund',
    '--loglevel=error',
    `--ignore-scripts=${ignoreScripts}`,
    ...packages,
  ];
}

/** Arguments of pip: the CPU's wheel alone, or TensorFlow with the CUDA wheels of its extra. */
export function pipArguments(wheels, gpu, platform = wheelPlatforms[`${process.platform}-${process.arch}`]) {
  const isX64 = platform === wheelPlatforms['linux-x64'];
  const wanted = gpu
    ? [`tensorflow[and-cuda]==${tensorflowVersion}`]
    : ['--no-deps', `${isX64 ? 'tensorflow-cpu' : 'tensorflow'}==${tensorflowVersion}`];
  return [
    ...['-m', 'pip', 'download', '--disable-pip-version-check', '--quiet', '--only-binary=:all:'],
    ...['--python-version', wheelPython, '--implementation', 'cp', '--platform', platform],
    // Newer CUDA wheels are tagged for newer C libraries than TensorFlow's own.
    ...(gpu
      ? [`--platform=${platform.replace('2_17', '2_27')}`, `--platform=${platform.replace('2_17', '2_28')}`]
      : []),
    ...['--dest', wheels, ...wanted],
  ];
}

/** Arguments of g++. The libraries are found relative to the binding, so the folder can be moved. */
export function compilerArguments(folder, binding, gpu) {
  const tensorflow = join(folder, 'site', 'tensorflow');
  const toSite = '$ORIGIN/../../../../../site';
  const cuda = gpu ? readdirSync(join(folder, 'site', 'nvidia')).map((part) => `${toSite}/nvidia/${part}/lib`) : [];
  const runPaths = [`${toSite}/tensorflow`, ...cuda].join(':');
  return [
    ...['-std=c++17', '-O2', '-shared', '-fPIC', `-DNAPI_VERSION=${napiVersion}`],
    ...[binding, join(tensorflow, 'include'), join(folder, 'node_modules', 'node-api-headers', 'include')].map(
      (path) => `-I${path}`,
    ),
    ...['tfjs_backend.cc', 'tfjs_binding.cc'].map((file) => join(binding, 'binding', file)),
    ...['-o', join(binding, 'lib', `napi-v${napiVersion}`, 'tfjs_binding.node')],
    ...[`-L${tensorflow}`, '-l:libtensorflow_cc.so.2', '-l:libtensorflow_framework.so.2'],
    // An RPATH, not a RUNPATH: the libraries open CUDA's by name, and only an RPATH is asked for those.
    ...[`-Wl,-rpath,${runPaths}`, ...(gpu ? ['-Wl,--disable-new-dtags'] : [])],
  ];
}
