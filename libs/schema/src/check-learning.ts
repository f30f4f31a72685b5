import type { Report } from './check-schema';
import type { NegativesSpec } from './schema';
import type { SchemaInput } from './schema-input';

/** Reports where loss, negatives, tables and schedule contradict each other. */
export function checkLearning(input: SchemaInput, report: Report): void {
  const negatives = compileNegatives(input);
  checkLoss(input, negatives, report);
  checkBatch(input, negatives, report);
  checkCapacities(input, report);
  checkMatryoshka(input, report);
  checkSchedule(input, report);
}

/**
 * Negatives with the preset applied; keys that are given win over it.
 *
 * `mixed-negative-sampling`: in-batch and uniform draws, one for each row of the batch. Source: Yang et al. 2020, section 3.2.
 */
export function compileNegatives({ negatives, training }: Pick<SchemaInput, 'negatives' | 'training'>): NegativesSpec {
  const { preset, inBatch = true, uniform = preset ? training.batchSize : 512, ...rest } = negatives;
  return { inBatch, uniform, ...rest };
}

/** Sources of candidates that all rows share. */
const sharedSources = ['uniform', 'popularity', 'memory'] as const;

function checkLoss(input: SchemaInput, negatives: NegativesSpec, report: Report): void {
  const { loss, score } = input;
  const hasShared = negatives.inBatch || sharedSources.some((source) => negatives[source] > 0);
  if (loss.kind === 'margin-mse' || loss.kind === 'kl') {
    // The teacher's scores come with the impressions of the row, so its list is the positive and the row's hard negatives.
    if (negatives.hard === 0) {
      report(['loss', 'kind'], 'expected another loss, or negatives.hard of at least 1 to compare with the positive');
    }
  } else if (loss.kind === 'info-nce') {
    if (!negatives.inBatch) report(['negatives', 'inBatch'], 'expected true: info-nce compares the rows of a batch');
  } else if (!hasShared && negatives.hard === 0) {
    const sources = ['inBatch', ...sharedSources, 'hard'].join(', ');
    report(['negatives'], `expected a source of negatives for the loss ${loss.kind} (${sources})`, 'none');
  }
  if (loss.kind === 'triplet' && score.similarity !== 'cosine') {
    report(['score', 'similarity'], 'expected cosine: triplet compares distances of unit vectors');
  }
  const mayLearn = loss.kind === 'info-nce' || (loss.kind === 'softmax' && loss.form !== 'decoupled');
  if (score.learnTemperature && !mayLearn) {
    // Elsewhere the temperature is no part of the loss, or a loss without a lower bound falls as it shrinks.
    const found = `true with the loss ${loss.kind === 'softmax' ? `softmax (${loss.form})` : loss.kind}`;
    report(['score', 'learnTemperature'], 'expected false (only softmax standard or corrected, and info-nce)', found);
  }
}

function checkBatch({ training, loss }: SchemaInput, negatives: NegativesSpec, report: Report): void {
  const { inBatch, hard } = negatives;
  const others = hard + sharedSources.reduce((sum, source) => sum + negatives[source], 0);
  if (training.batchSize >= 2 || !(loss.kind === 'info-nce' || (inBatch && others === 0))) return;
  report(['training', 'batchSize'], 'expected at least 2, because the batch is the only source of negatives');
}

/** A batch may need a row for each of its ids at once, and a row in use is never given up. */
function checkCapacities({ tables, training, query, candidate }: SchemaInput, report: Report): void {
  for (const [name, { capacity }] of Object.entries(tables)) {
    const readers = [...query.features, ...candidate.features].filter(
      ({ table, kind }) => table === name && kind !== 'history',
    );
    const atLeast = training.batchSize * Math.max(1, readers.length);
    if (capacity === undefined || capacity >= atLeast) continue;
    report(['tables', name, 'capacity'], `expected at least ${atLeast}, the ids of a batch (training.batchSize)`);
  }
}

function checkMatryoshka({ loss: { matryoshka }, outputDimension }: SchemaInput, report: Report): void {
  if (!matryoshka) return;
  const ascends = matryoshka.every((length, i) => i === 0 || length > matryoshka[i - 1]);
  if (ascends && matryoshka.at(-1) === outputDimension) return;
  const expected = `expected ascending lengths that end with ${outputDimension} (outputDimension)`;
  report(['loss', 'matryoshka'], expected, matryoshka.join(', '));
}

function checkSchedule({ training: { schedule }, negatives }: SchemaInput, report: Report): void {
  const { stages, repeatFrom } = schedule;
  const path = ['training', 'schedule'];
  stages.forEach(({ name, steps, hardShare }, i) => {
    const at = [...path, 'stages', i];
    if (stages.findIndex((other) => other.name === name) !== i) report([...at, 'name'], 'expected each name once');
    const ends = i + 1 < stages.length || repeatFrom !== undefined;
    if (ends && steps === undefined) report([...at, 'steps'], 'expected a number: another stage follows');
    if (hardShare && hardShare.from + hardShare.to > 0 && negatives.hard === 0) {
      report([...at, 'hardShare'], 'expected no such key, or negatives.hard of at least 1');
    }
  });
  if (repeatFrom !== undefined && !stages.some(({ name }) => name === repeatFrom)) {
    report([...path, 'repeatFrom'], `expected one of ${stages.map(({ name }) => name).join(', ')}`);
  }
}
