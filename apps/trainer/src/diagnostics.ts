import type { ItemId } from '@gatehouse/domain';
import type { Popularity } from '@gatehouse/evaluation';
import type { EstimatorCheck } from '@gatehouse/sampling';
import type { StepResult, TableStats, TrainStep, TwoTowerModel } from '@gatehouse/towers';

import type { TrainingStage } from './stage-at';

/** How learning goes, read off one batch. Every figure is finite; one that is not known is left out. */
export interface Diagnostics {
  readonly loss: number;
  /** Euclidean lengths of the gradients of all dense weights and of all touched rows. */
  readonly denseGradientNorm: number;
  readonly rowGradientNorm: number;
  readonly logitMin: number;
  readonly logitMax: number;
  /** How many negatives carry a row's gradient. */
  readonly effectiveNegatives: number;
  /** Share of the shared candidates that are masked as further occurrences of a row's positive. */
  readonly accidentalHitShare: number;
  /** The estimator against exact counts of the recent stream, and what of that is the counts' own noise. */
  readonly estimatorError?: number;
  readonly estimatorNoise?: number;
  readonly estimatorLogBias?: number;
  /** Mean share of the stream of the batch's positives, and of the items that the model ranks first for its queries. */
  readonly positivePopularity: number;
  readonly topPopularity?: number;
  readonly temperature: number;
  readonly stage: string;
  readonly hardShare: number;
  readonly learningRateScale: number;
  /** Ids with a row, admissions, evictions, expirations and refusals, by table. */
  readonly tables: Readonly<Record<string, TableStats>>;
}

/** What {@link diagnose} looks at beside the step. */
export interface DiagnosticInputs {
  /** Items of the batch's positives. */
  readonly itemIds: readonly ItemId[];
  readonly topPopularity: number | undefined;
  readonly popularity: Popularity;
  /** Positives that `popularity` has counted. */
  readonly draws: number;
  readonly frequencyCheck: EstimatorCheck;
  readonly model: TwoTowerModel;
  readonly step: TrainStep;
}

/** Reads the figures of a measured step. */
export function diagnose(result: StepResult, stage: TrainingStage, inputs: DiagnosticInputs): Diagnostics {
  const { itemIds, topPopularity, popularity, draws, frequencyCheck, model, step } = inputs;
  const estimator = frequencyCheck.measure();
  const { measures } = result;
  return {
    loss: result.loss,
    denseGradientNorm: result.denseGradientNorm,
    rowGradientNorm: result.rowGradientNorm,
    logitMin: measures?.logitMin ?? 0,
    logitMax: measures?.logitMax ?? 0,
    effectiveNegatives: measures?.effectiveNegatives ?? 0,
    accidentalHitShare: measures?.accidentalHitShare ?? 0,
    ...(estimator && {
      estimatorError: estimator.halfL1,
      estimatorNoise: estimator.expectedNoise,
      estimatorLogBias: estimator.logBias,
    }),
    positivePopularity: itemIds.reduce((sum, itemId) => sum + popularity.count(itemId), 0) / itemIds.length / draws,
    ...(topPopularity !== undefined && { topPopularity }),
    temperature: step.temperature,
    stage: stage.name,
    hardShare: stage.hardShare,
    learningRateScale: stage.rateScale,
    tables: Object.fromEntries([...model.tables].map(([name, table]) => [name, table.stats])),
  };
}
