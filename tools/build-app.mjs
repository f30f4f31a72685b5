// Bundles one app: every `src/*main.ts` and `src/**/*.worker.ts` becomes one file under dist/. Workspace libraries are bundled, npm packages are not.
import { build } from 'esbuild';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';

import { npmPackagesStayOutside } from './npm-packages-stay-outside.mjs';

const [projectRoot] = process.argv.slice(2);
const sources = join(projectRoot, 'src');
const entryPoints = readdirSync(sources, { recursive: true })
  .filter((file) => /(^|\/)main\.ts$|\.worker\.ts$/.test(file))
  .map((file) => join(sources, file));

await build({
  entryPoints,
  outdir: join('dist', projectRoot),
  outbase: sources,
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'cjs',
  sourcemap: true,
  logLevel: 'warning',
  plugins: [npmPackagesStayOutside],
});
