import type { Impression } from '@gatehouse/domain';
import { createProfileTable, itemFormat, readBacklog, userProfileFormat, userStateOptions } from '@gatehouse/events';
import {
  createEmbeddedImpressionSource,
  createEmbeddedCompactedTopic,
  openEmbeddedLog,
} from '@gatehouse/events/embedded';
import { createUserState } from '@gatehouse/events/memory';
import { createLogger, runMain } from '@gatehouse/runtime';
import { actionOf, compileSchemaFile, readYamlFile } from '@gatehouse/schema';
import { loadBackend } from '@gatehouse/towers';

import { trainerConfig } from '../config';
import { createLearner } from '../learner';
import { createTrainerCatalogue } from '../trainer-catalogue';
import { evaluate } from './evaluate';

/** Trains on the log of the trainer's configuration and logs the report: `evaluate/main.js [epochs] [trainer.yaml]`. */
async function main(): Promise<void> {
  const environment = { prefix: 'GATEHOUSE_TRAINER_', values: process.env };
  const epochs = epochsOf(process.argv[2] ?? '1');
  const config = await readYamlFile(process.argv[3] ?? 'config/trainer.yaml', trainerConfig, environment);
  const schema = await compileSchemaFile(config.schema);
  const logger = createLogger({ app: 'evaluate', level: config.logLevel });
  const backend = await loadBackend(config.backend, (name, reason) => logger.info('backend.absent', { name, reason }));
  logger.info('evaluate.starting', { backend, schema: config.schema, epochs });

  const log = openEmbeddedLog({ folder: config.log.folder });
  const catalogue = createTrainerCatalogue();
  const { values: items, offset } = await createEmbeddedCompactedTopic(log, itemFormat).snapshot();
  catalogue.load(items, offset);
  const profiles = createProfileTable(createEmbeddedCompactedTopic(log, userProfileFormat));
  await profiles.load();
  const positives: Impression[] = [];
  for await (const impression of readBacklog(createEmbeddedImpressionSource(log))) {
    if ((actionOf(schema, impression.action)?.weight ?? 0) > 0) positives.push(impression);
  }
  positives.sort((a, b) => a.eventTimeMs - b.eventTimeMs);
  await log.close();

  const userState = createUserState(userStateOptions(schema));
  const evaluation = { sampleRate: 0, maxStalenessSteps: config.evaluation.maxStalenessSteps };
  const learner = createLearner({
    schema,
    catalogue,
    userState,
    featuresOf: profiles.featuresOf,
    evaluation,
    eventWindow: 1,
  });
  const onProgress = (learned: number, total: number): void => logger.info('evaluate.learned', { learned, total });
  logger.info('evaluate.done', { ...evaluate(positives, { learner, catalogue, userState, epochs, onProgress }) });
}

function epochsOf(text: string): number {
  if (!/^[1-9]\d{0,3}$/.test(text)) throw new RangeError(`epochs: expected 1 to 9999, found ${JSON.stringify(text)}`);
  return Number(text);
}

void runMain('evaluate', main);
