import { writeSync } from 'node:fs';
import { StorageError } from '../errors';
import { createEmbeddedDeadLetterSink } from './embedded-dead-letters';
import { createEmbeddedImpressionSink } from './embedded-impression-sink';
import { openEmbeddedLog } from './embedded-log';

/**
 * A writer process: appends `batches` batches of `batchSize` impressions, and prints how many are acknowledged after each.
 * Event ids are `<name>-0`, `<name>-1`, ... A storage error is printed as JSON and ends it with code 3.
 */
async function main(folder: string, name: string, batchSize: number, batches: number): Promise<void> {
  const log = openEmbeddedLog({ folder });
  const sink = createEmbeddedImpressionSink(log);
  const deadLetters = createEmbeddedDeadLetterSink(log);
  const padding = 'x'.repeat(200);
  for (let batch = 0; batch < batches; batch++) {
    const impressions = Array.from({ length: batchSize }, (_, i) => ({
      eventId: `${name}-${batch * batchSize + i}`,
      userId: name,
      itemId: padding.slice(0, 100),
      eventTimeMs: batch,
      action: 'click',
      context: { padding },
    }));
    await sink.append(impressions);
    await deadLetters.reject([
      {
        ...{ topic: name, partition: 0, offset: batch, value: Buffer.from(name) },
        rejection: { code: 'test', reason: 'test' },
      },
    ]);
    writeSync(1, `${(batch + 1) * batchSize}\n`);
  }
  await log.close();
}

const [folder, name, batchSize, batches] = process.argv.slice(2);
main(folder, name, Number(batchSize), Number(batches)).catch((error: unknown) => {
  if (!(error instanceof StorageError)) throw error;
  writeSync(2, JSON.stringify({ name: error.name, folder: error.folder, operation: error.operation }));
  process.exitCode = 3;
});
