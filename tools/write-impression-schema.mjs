// Writes docs/impression.schema.json from what the decoder of impressions checks. `npx nx codegen events` runs it.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { build } from 'esbuild';
import { format, resolveConfig } from 'prettier';

const folder = mkdtempSync(join(tmpdir(), 'impression-schema-'));
const outfile = join(folder, 'schema.mjs');
const target = 'docs/impression.schema.json';
try {
  await build({
    entryPoints: ['libs/events/src/impression-schema.ts'],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
    logLevel: 'warning',
  });
  const { impressionJsonSchema } = await import(pathToFileURL(outfile).href);
  const style = await resolveConfig(target);
  writeFileSync(target, await format(JSON.stringify(impressionJsonSchema()), { ...style, filepath: target }));
} finally {
  rmSync(folder, { recursive: true });
}
