import { hashId, type Snapshot, type Stateful, tensorOf, type UserId } from '@gatehouse/domain';
import { expectedHit, type Popularity, rankOfTarget } from '@gatehouse/evaluation';
import { type CandidateMatrix, createCandidateMatrix, type TwoTowerModel } from '@gatehouse/towers';

import type { Example } from './examples';
import { createSeenPositions } from './seen-positions';
import { topPopularity } from './top-popularity';
import type { TrainerCatalogue } from './trainer-catalogue';

/** Answers are scored by whether the item is among the first ten. */
const k = 10;
/** Rows whose first items are looked at when the popularity of what ranks first is measured. */
const measuredRows = 16;

/** Running sums of prequential evaluation. The difference of two readings belongs to the stretch of the stream between them. */
export interface PrequentialSums {
  /** Events that were scored. */
  readonly evaluated: number;
  /** Expected hits among the first ten, ties broken at random. */
  readonly hits: number;
  /** The same for ranking by how often each item occurred so far. */
  readonly popularityHits: number;
}

/** Scores each event before it is learned: recall@10 over the full catalogue minus what the user has met. */
export interface Prequential {
  readonly sums: PrequentialSums;
  readonly parts: readonly Stateful[];
  /**
   * Scores examples with the parameters of this moment and counts their items. Call before the batch is learned.
   * @param measures whether to say how popular what ranks first is, for a few of the rows.
   */
  score(examples: readonly Example[], measures?: boolean): number | undefined;
  /** Drops the candidate vectors. */
  dispose(): void;
}

export interface PrequentialOptions {
  /** Share of users whose events are scored, chosen by the hash of the user id. In [0, 1]. */
  readonly sampleRate: number;
  /** How many optimiser steps old the vectors of the candidates may be. Queries are always embedded anew. */
  readonly maxStalenessSteps: number;
}

/** Creates the evaluation of a model over a catalogue; `popularity` counts every example that it is given. */
export function createPrequential(
  model: TwoTowerModel,
  catalogue: TrainerCatalogue,
  popularity: Popularity,
  options: PrequentialOptions,
): Prequential {
  const seen = createSeenPositions(catalogue);
  const sums = new Float64Array(3); // evaluated, hits, popularityHits
  const maxAgeBatches = Math.max(1, Math.floor(options.maxStalenessSteps / model.schema.training.updatesPerBatch));
  const key = new Uint32Array(2);
  let matrix: CandidateMatrix | undefined;
  let ageBatches = 0;
  let counts = new Float32Array(0); // popularity by catalogue position
  let revision = -1;

  const isSampled = (userId: UserId): boolean => {
    hashId(userId, key, 0);
    return key[1] < options.sampleRate * 4294967296;
  };

  const followCatalogue = (): void => {
    if (revision === catalogue.revision) return;
    revision = catalogue.revision;
    counts = Float32Array.from(catalogue.items, ({ itemId }) => popularity.count(itemId));
    dispose();
  };

  const candidates = (): CandidateMatrix => {
    if (!matrix || ageBatches >= maxAgeBatches) {
      dispose();
      matrix = createCandidateMatrix(model.candidate.embed(catalogue.items), model.schema.outputDimension);
      ageBatches = 0;
    }
    ageBatches++;
    return matrix;
  };

  const dispose = (): void => {
    matrix?.dispose();
    matrix = undefined;
  };

  const scoresOf = (examples: readonly Example[]): Float32Array =>
    examples.length === 0
      ? new Float32Array(0)
      : candidates().scores(model.query.embed(examples.map(({ query }) => query)));

  const count = ({ candidate }: Example): void => {
    popularity.observe(candidate.itemId);
    const position = catalogue.positionOf(candidate.itemId);
    if (position !== undefined) counts[position]++;
  };

  return {
    get sums() {
      return { evaluated: sums[0], hits: sums[1], popularityHits: sums[2] };
    },
    parts: [
      seen,
      {
        name: 'evaluation.sums',
        snapshot: (): Snapshot => {
          dispose(); // who resumes has no vectors, so who goes on embeds the catalogue anew at the same place
          return { tensors: { sums: { dtype: 'F64', shape: [3], data: sums.slice() } }, metadata: null };
        },
        restore: (snapshot) => sums.set(tensorOf('evaluation.sums', snapshot, 'sums', 'F64', 3)),
      },
    ],
    score: (examples, measures = false) => {
      followCatalogue();
      const sampled = new Set(examples.filter(({ query }) => query.userId !== undefined && isSampled(query.userId)));
      const scores = scoresOf([...sampled]); // [sampled, items]
      const popular = measures ? topPopularity(scores, Math.min(measuredRows, sampled.size), counts) : undefined;
      let row = 0;
      for (const example of examples) {
        const { userId } = example.query;
        if (sampled.has(example) && userId !== undefined) {
          const { itemId } = example.candidate;
          const target = catalogue.positionOf(itemId);
          const own = scores.subarray(row * counts.length, ++row * counts.length);
          if (target !== undefined) {
            const excluded = seen.of(userId);
            sums[0]++;
            sums[1] += expectedHit(rankOfTarget(own, target, excluded), k);
            sums[2] += expectedHit(rankOfTarget(counts, target, excluded), k);
          }
          seen.add(userId, itemId);
        }
        count(example);
      }
      return popular;
    },
    dispose,
  };
}
