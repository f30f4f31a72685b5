import type { Impression } from '@gatehouse/domain';
import type { StatefulUserState } from '@gatehouse/events';
import { createPopularity, expectedHit, rankOfTarget } from '@gatehouse/evaluation';
import { createCandidateMatrix } from '@gatehouse/towers';

import { nothingElse } from '../cut-batches';
import { leaveOneOut } from './leave-one-out';
import type { Learner } from '../learner';
import { createSeenPositions } from '../seen-positions';
import type { TrainerCatalogue } from '../trainer-catalogue';

/** Collaborators of {@link evaluate}. The learner works on `catalogue` and `userState`, and has learned nothing yet. */
export interface Evaluation {
  readonly learner: Learner;
  readonly catalogue: TrainerCatalogue;
  readonly userState: StatefulUserState;
  readonly epochs: number;
  readonly onProgress: (learned: number, total: number) => void;
}

/** Leave-one-out: each user is one query, and its last item is ranked over the full catalogue minus what the user has met. */
export interface EvaluationReport {
  readonly users: number;
  readonly hitRateAt10: number;
  /** The same for ranking by how often each item was learned. */
  readonly popularityHitRateAt10: number;
  /** Standard error of the hit rate, sqrt(h (1 - h) / users). */
  readonly standardError: number;
}

/** Answers are scored by whether the item is among the first ten. */
const k = 10;
/** Users scored at once: bounds the scores, `[users, items]`. */
const usersAtOnce = 128;

/**
 * Trains on all but the last event of each user, then ranks that event.
 *
 * Each epoch begins with empty user state, so that no history holds what comes later in the same stream.
 *
 * @param impressions positives in order of time.
 */
export function evaluate(impressions: readonly Impression[], evaluation: Evaluation): EvaluationReport {
  const { learner, userState, epochs, onProgress } = evaluation;
  const { train, heldOut } = leaveOneOut(impressions);
  if (heldOut.length === 0) throw new RangeError('evaluate: expected a user with two events or more, found none');
  const nobody = structuredClone(userState.snapshot());
  const { batchSize } = learner.model.schema.training;
  for (let epoch = 0; epoch < epochs; epoch++) {
    userState.restore(nobody);
    for (let from = 0; from < train.length; from += batchSize) {
      const { refused } = learner.learn({
        impressions: train.slice(from, from + batchSize),
        ...nothingElse,
        endOffsets: {},
      });
      if (refused) throw refused;
      onProgress(learner.counts.applied, epochs * train.length);
    }
  }
  return rankHeldOut(heldOut, train, evaluation);
}

function rankHeldOut(
  heldOut: readonly Impression[],
  train: readonly Impression[],
  { learner, catalogue }: Evaluation,
): EvaluationReport {
  const { model } = learner;
  const popularity = createPopularity('popularity');
  const seen = createSeenPositions(catalogue);
  for (const { userId, itemId } of train) {
    popularity.observe(itemId);
    seen.add(userId, itemId);
  }
  const counts = Float32Array.from(catalogue.items, ({ itemId }) => popularity.count(itemId)); // [items]
  const matrix = createCandidateMatrix(model.candidate.embed(catalogue.items), model.schema.outputDimension);
  const ranked = heldOut.filter(({ itemId }) => catalogue.positionOf(itemId) !== undefined);
  let [hits, popularityHits] = [0, 0];
  for (let from = 0; from < ranked.length; from += usersAtOnce) {
    const users = ranked.slice(from, from + usersAtOnce);
    const scores = matrix.scores(model.query.embed(users.map(learner.queryOf))); // [users, items]
    users.forEach(({ userId, itemId }, row) => {
      const target = catalogue.positionOf(itemId) as number;
      const excluded = seen.of(userId);
      const own = scores.subarray(row * matrix.items, (row + 1) * matrix.items);
      hits += expectedHit(rankOfTarget(own, target, excluded), k);
      popularityHits += expectedHit(rankOfTarget(counts, target, excluded), k);
    });
  }
  matrix.dispose();
  const users = ranked.length;
  const hitRateAt10 = hits / users;
  return {
    users,
    hitRateAt10,
    popularityHitRateAt10: popularityHits / users,
    standardError: Math.sqrt((hitRateAt10 * (1 - hitRateAt10)) / users),
  };
}
