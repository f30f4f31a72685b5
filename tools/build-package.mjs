// Builds one library for publishing: one ES module, its types, a manifest and the README. Workspace libraries are bundled, npm packages
// become dependencies. Every Node that we support loads ES modules by `require` too, so one format is enough, and no class is there twice.
import { build } from 'esbuild';
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

import { npmPackagesStayOutside } from './npm-packages-stay-outside.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const [projectRoot, target = join('dist', projectRoot)] = process.argv.slice(2);
const folder = join(root, projectRoot);
const output = resolve(root, target);
const readJson = (file) => JSON.parse(readFileSync(file, 'utf8'));

rmSync(output, { recursive: true, force: true });
mkdirSync(output, { recursive: true });

const { metafile } = await build({
  absWorkingDir: root,
  entryPoints: [join(folder, 'src/index.ts')],
  outfile: join(output, 'index.js'),
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'esm',
  metafile: true,
  logLevel: 'warning',
  plugins: [npmPackagesStayOutside],
});

/** The types of the library and of the workspace libraries that it stands on, each in the place of its source. */
const types = join(output, 'types');
const project = join(output, 'tsconfig.json');
const compilerOptions = {
  noEmit: false,
  declaration: true,
  emitDeclarationOnly: true,
  rootDir: join(root, 'libs'),
  outDir: types,
  typeRoots: [join(root, 'node_modules/@types')],
  paths: { '@gatehouse/*': [join(root, 'libs/*/src/index.ts')] }, // as files of ours: of packages, no types are written
};
writeFileSync(
  project,
  JSON.stringify({
    extends: join(folder, 'tsconfig.json'),
    compilerOptions,
    include: [],
    files: [join(folder, 'src/index.ts')],
  }),
);
const tsc = join(root, 'node_modules/typescript/bin/tsc');
const { status, stdout } = spawnSync(process.execPath, [tsc, '--project', project], { encoding: 'utf8' });
rmSync(project);
if (status !== 0) {
  console.error(stdout);
  process.exit(1);
}
for (const file of readdirSync(types, { recursive: true })) {
  const path = join(types, file);
  if (file.endsWith('.d.ts')) writeFileSync(path, withPlainImports(path, readFileSync(path, 'utf8')));
}

/** Imports as Node resolves them: with the endings of files, and without the names of workspace libraries. */
function withPlainImports(path, text) {
  return text.replace(/(from |import\()(["'])(\.{1,2}\/[^"']+|@gatehouse\/[^"'/]+)\2/g, (_, word, quote, name) => {
    if (name.startsWith('.')) return `${word}${quote}${name}.js${quote}`;
    const to = relative(dirname(path), join(types, name.replace('@gatehouse/', ''), 'src/index.js'));
    return `${word}${quote}${to.startsWith('.') ? to : `./${to}`}${quote}`;
  });
}

const { name, version, description, keywords, license, engines } = readJson(join(folder, 'package.json'));
const { dependencies, engines: enginesOfAll } = readJson(join(root, 'package.json'));
const imported = Object.values(metafile.outputs).flatMap(({ imports }) => imports.map(({ path }) => path));
const packages = [...new Set(imported.filter((path) => !path.startsWith('node:')).map(packageOf))].sort();
writeFileSync(
  join(output, 'package.json'),
  `${JSON.stringify(
    {
      name,
      version,
      description,
      keywords,
      license,
      type: 'module',
      engines: engines ?? enginesOfAll,
      exports: {
        '.': { types: `./types/${relative(join(root, 'libs'), folder)}/src/index.d.ts`, default: './index.js' },
      },
      files: ['index.js', 'types'],
      sideEffects: false,
      dependencies: Object.fromEntries(packages.map((each) => [each, `^${dependencies[each]}`])),
    },
    null,
    2,
  )}\n`,
);
copyFileSync(join(folder, 'README.md'), join(output, 'README.md'));

function packageOf(path) {
  return path
    .split('/')
    .slice(0, path.startsWith('@') ? 2 : 1)
    .join('/');
}
