import type { Offsets } from '@gatehouse/domain';
import { type DeadLetterSink, type ImpressionSource, LeadershipLostError } from '@gatehouse/events';
import type { Logger } from '@gatehouse/runtime';
import { actionOf } from '@gatehouse/schema';

import { cutBatches } from './cut-batches';
import type { Diagnostics } from './diagnostics';
import { DivergedError, maxRefusedInRow } from './diverged-error';
import type { Learner } from './learner';
import type { Publisher } from './publisher';
import type { Schedule } from './schedule';
import { idle, withIdle } from './with-idle';

/** Collaborators of {@link train}. */
export interface Training {
  readonly source: ImpressionSource;
  readonly deadLetters: DeadLetterSink;
  readonly learner: Learner;
  readonly publisher: Publisher;
  readonly schedule: Schedule;
  /** Applies what changed in the catalogue since the last call. */
  readonly followCatalogue: () => void;
  /** Told how learning goes, now and then. */
  readonly onDiagnostics: (diagnostics: Diagnostics) => void;
  /** Told of the offsets of each state that was saved. */
  readonly onSaved: (offsets: Offsets) => void;
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly logger: Logger;
  readonly signal: AbortSignal;
}

/**
 * Learns the stream of impressions until `signal` aborts, publishing versions on the way, and leaves a checkpoint.
 *
 * The position in the stream is part of every checkpoint. What was read after the newest one is read again after a crash, so
 * nothing is learned twice and nothing is left out.
 *
 * @throws LeadershipLostError when that is why `signal` aborted: whoever leads then learns the rest; DivergedError when loss or gradient were not finite in three batches in a row; nothing is saved then.
 */
export async function train(training: Training): Promise<void> {
  const { source, deadLetters, learner, publisher, schedule, followCatalogue, onDiagnostics, onSaved } = training;
  const { sleep, logger, signal } = training;
  const { schema } = learner.model;
  const batches = cutBatches(source.read(learner.offsets, signal), {
    positives: schema.training.batchSize,
    weightOf: (action) => actionOf(schema, action)?.weight,
    isLearned: learner.hasLearned,
    start: learner.offsets,
  });
  let rejecting: Promise<void> = Promise.resolve();
  for await (const batch of withIdle(batches, schedule.afterIdleMs, sleep)) {
    followCatalogue();
    if (batch !== idle) {
      await rejecting; // one batch's at a time, while the next one is learned
      rejecting = deadLetters.reject(batch.rejected);
      rejecting.catch(() => undefined); // it is awaited in any case, only later
      const from = learner.offsets;
      const { loss, refused, diagnostics } = learner.learn(batch);
      if (refused) {
        logger.error('batch.refused', { reason: refused.message, from, to: batch.endOffsets, ...learner.counts });
        const { refusedInRow } = learner.counts;
        if (refusedInRow >= maxRefusedInRow) throw new DivergedError(refusedInRow, { cause: refused });
      }
      logger.info('impressions.learned', { ...learner.counts, ...learner.prequential, loss });
      if (diagnostics) onDiagnostics(diagnostics);
    }
    const due = batch === idle ? schedule.dueWhenIdle(learner.counts) : schedule.due(learner.counts);
    if (due) await rejecting; // durable before the position that is saved moves past them
    if (due === 'version') await publisher.publish();
    if (due === 'checkpoint') await publisher.checkpoint();
    if (due) onSaved(learner.offsets);
    if (signal.aborted) break; // the rest of what was read is read again
  }
  if (signal.reason instanceof LeadershipLostError) throw signal.reason;
  await rejecting;
  if (!schedule.hasUnsaved(learner.counts)) return;
  await publisher.checkpoint();
  onSaved(learner.offsets);
}
