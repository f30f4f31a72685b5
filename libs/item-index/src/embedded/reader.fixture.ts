import { createInterface } from 'node:readline';

import { openEmbeddedItemIndexStore } from './embedded-item-index-store';

/**
 * A reader process: opens an index once, then answers every line of its input, a query vector as JSON, with a line of its best 20 hits.
 */
async function main(folder: string, indexId: string, exactBelow: number): Promise<void> {
  const store = await openEmbeddedItemIndexStore({ folder, exactBelow, expansionSearch: 16 });
  const index = await store.open(indexId);
  process.stdout.write('open\n');
  for await (const line of createInterface({ input: process.stdin })) {
    const vector = Float32Array.from(JSON.parse(line) as number[]);
    process.stdout.write(`${JSON.stringify(await index.search({ vector, k: 20 }))}\n`);
  }
  await index.close();
}

const [folder, indexId, exactBelow] = process.argv.slice(2);
main(folder, indexId, Number(exactBelow)).catch((error: unknown) => {
  process.stderr.write(`${String(error)}\n`);
  process.exitCode = 1;
});
