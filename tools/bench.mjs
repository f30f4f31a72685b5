// Runs the benchmarks of one library: bundles `bench/*.bench.ts` and runs each with Node. Further arguments go to the benchmarks;
// the name of a benchmark among them runs that one alone.
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';

import { build } from 'esbuild';

import { npmPackagesStayOutside } from './npm-packages-stay-outside.mjs';

const [projectRoot, ...args] = process.argv.slice(2);
const folder = join(projectRoot, 'bench');
const names = readdirSync(folder)
  .filter((file) => file.endsWith('.bench.ts'))
  .map((file) => file.replace(/\.bench\.ts$/, ''));
const chosen = names.filter((name) => args.includes(name));
const passed = args.filter((argument) => !names.includes(argument));

for (const name of chosen.length > 0 ? chosen : names) {
  const outfile = join(projectRoot, 'dist', `${name}.bench.cjs`);
  await build({
    entryPoints: [join(folder, `${name}.bench.ts`)],
    outfile,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    sourcemap: true,
    logLevel: 'warning',
    plugins: [npmPackagesStayOutside],
  });
  const { status } = spawnSync(process.execPath, ['--expose-gc', '--enable-source-maps', resolve(outfile), ...passed], {
    stdio: 'inherit',
  });
  if (status !== 0) process.exit(status ?? 1);
}
