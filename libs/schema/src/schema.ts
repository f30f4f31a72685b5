/**
 * The compiled schema: what features exist, how the towers read them, and how they learn. Every field is present.
 * `compileSchema` makes it from YAML and is the only home of defaults and cross-field checks.
 */
export interface Schema {
  /** SHA-256 of the compiled schema in canonical JSON: versions of different schemas never mix. */
  readonly hash: string;
  /** Action name -> what it means. Impressions with other actions are rejected. */
  readonly actions: Readonly<Record<string, ActionSpec>>;
  /** Item feature -> type, for every attribute that requests may filter by. */
  readonly attributes: Readonly<Record<string, AttributeType>>;
  readonly userState: UserStateSpec;
  /** How events of weight 0 are joined with positives; null: each counts as not acted on at once. */
  readonly outcomes: OutcomesSpec | null;
  readonly tables: Readonly<Record<string, TableSpec>>;
  readonly query: TowerSpec;
  readonly candidate: TowerSpec;
  /** Length of query and item vectors. */
  readonly outputDimension: number;
  readonly score: ScoreSpec;
  readonly loss: LossSpec;
  readonly negatives: NegativesSpec;
  readonly estimator: EstimatorSpec;
  readonly training: TrainingSpec;
}

export interface ActionSpec {
  /** Weight of the example in the loss. 0: shown and not acted on, not a positive. */
  readonly weight: number;
  /** Whether the item then counts as seen by the user. */
  readonly seen: boolean;
}

export type AttributeType = 'string' | 'number' | 'boolean';

export interface UserStateSpec {
  /** Events kept per user for history features; the compiled value covers the longest history feature. */
  readonly historyLimit: number;
  /** Items remembered as seen per user. @default 10000 */
  readonly seenLimit: number;
}

/** How long what was shown waits for what is done about it. */
export interface OutcomesSpec {
  /** Event time for which an item that was shown waits for a positive of the same request. */
  readonly waitMs: number;
  /** Items that wait at most. */
  readonly maxPending: number;
  /** What a positive after the wait becomes: it is left out and counted, or learned as a correction. */
  readonly late: 'count' | 'learn';
}

/** An embedding table. Features that name the same table share its rows. */
export interface TableSpec {
  readonly dimension: number;
  /** `keyed`: one row per id or category, grown as they appear. `fixed`: `rows` rows, addressed by hash or bucket. */
  readonly kind: 'keyed' | 'fixed';
  /** Rows of a fixed table; 0 for a keyed one. */
  readonly rows: number;
  /** `adagrad`: row-wise, one accumulator a row; `adam`: lazy, two numbers a weight; `sgd`: no state. */
  readonly optimizer: 'adagrad' | 'adam' | 'sgd';
  readonly learningRate: number;
  /** New rows are uniform in [-initialScale, initialScale]. */
  readonly initialScale: number;
  /** Occurrences in training after which an id gets a row of its own; until then it shares the fallback row. Keyed tables. */
  readonly admitAfter: number;
  /** Event time without use after which a row is freed; null: never. Keyed tables. */
  readonly expireAfterMs: number | null;
  /** Rows at most, fallback rows apart; the longest unused makes room. Null: no limit. Keyed tables. */
  readonly capacity: number | null;
}

export type FeatureSpec =
  IdFeature | CategoryFeature | CategoriesFeature | NumberFeature | TextFeature | HistoryFeature;

interface FeatureBase {
  /** Unique in its tower. */
  readonly name: string;
  /** Table whose rows it reads. */
  readonly table: string;
}

/** The id itself: the user's in the query tower, the item's in the candidate tower. */
export interface IdFeature extends FeatureBase {
  readonly kind: 'id';
  /** Share of training examples whose id is replaced by the fallback row, which trains it. In [0, 1). */
  readonly dropout: number;
}

/** One category: a string or number feature, a row per value. */
export interface CategoryFeature extends FeatureBase {
  readonly kind: 'category';
  /** `features.<name>` or, in the query tower, `context.<name>`. */
  readonly source: string;
}

/** A bag of categories: the mean of their rows. */
export interface CategoriesFeature extends FeatureBase {
  readonly kind: 'categories';
  readonly source: string;
}

/** A number, put into buckets; one row each side of every boundary. */
export interface NumberFeature extends FeatureBase {
  readonly kind: 'number';
  readonly source: string;
  /** Ascending. A value x falls into bucket `count(boundary <= x)`; the fallback row stands for a missing value. */
  readonly boundaries: readonly number[];
}

/** Text as hashed letter trigrams (DSSM, Huang et al. 2013): the mean of their rows in a fixed table. */
export interface TextFeature extends FeatureBase {
  readonly kind: 'text';
  readonly source: string;
}

/** The user's last items: the weighted mean of their rows. Query tower only. */
export interface HistoryFeature extends FeatureBase {
  readonly kind: 'history';
  readonly length: number;
  /** Weight of an item relative to the next newer one, in (0, 1]: 1 is the plain mean. @default 1 */
  readonly decay: number;
}

export interface TowerSpec {
  readonly features: readonly FeatureSpec[];
  /** `sum`: features of equal dimension are added. `concat`: they are joined, `[batch, sum of dimensions]`. */
  readonly combine: 'sum' | 'concat';
  /** Widths of the hidden ReLU layers; a linear layer to `outputDimension` follows. Empty with `sum`: no dense part at all. */
  readonly layers: readonly number[];
}

export interface ScoreSpec {
  /** `cosine`: outputs are L2-normalised. */
  readonly similarity: 'cosine' | 'dot';
  /** Scores are divided by it before the correction. */
  readonly temperature: number;
  /** Whether training changes the temperature, which is then where it starts. */
  readonly learnTemperature: boolean;
}

/** Which loss, summed over the Matryoshka prefixes of the vectors. Each is a file of `libs/towers/src/loss`. */
export type LossSpec = RowLossSpec & {
  /** Lengths of the prefixes that each get the loss, ascending; the last is the output dimension. */
  readonly matryoshka: readonly number[];
};

export type RowLossSpec =
  | {
      /** Sampled softmax with logQ correction. */
      readonly kind: 'softmax';
      readonly form: 'standard' | 'corrected' | 'decoupled';
    }
  | { readonly kind: 'info-nce' | 'bpr' | 'nce' | 'binary-cross-entropy' | 'dpr' }
  | {
      readonly kind: 'hinge' | 'triplet';
      /** In units of the score for `hinge`, of the squared distance for `triplet`. */
      readonly margin: number;
    }
  | {
      /** Distillation from a teacher's scores of the positive and its hard negatives. */
      readonly kind: 'margin-mse' | 'kl';
      /** `context.<name>`: where an impression carries the teacher's score. */
      readonly teacher: string;
    };

export interface NegativesSpec {
  /** Whether the other positives of the batch serve as candidates. */
  readonly inBatch: boolean;
  /** Draws per update, uniform over the live catalogue. */
  readonly uniform: number;
  /** Draws per update from the last `popularityWindow` positives. */
  readonly popularity: number;
  readonly popularityWindow: number;
  /** Vectors of earlier batches' positives that serve as candidates, at most. Only queries learn from them. */
  readonly memory: number;
  /** Batches after which a vector leaves the memory. */
  readonly memoryMaxAgeBatches: number;
  /** Hard negatives per row, at most: items shown to the user and not acted on. */
  readonly hard: number;
}

export type EstimatorSpec =
  | {
      readonly kind: 'gap';
      /** Cells of each hash function's arrays. */
      readonly cells: number;
      readonly hashes: number;
      /** Learning rate a of the gap, in (0, 1). */
      readonly rate: number;
    }
  | {
      readonly kind: 'decayed-count-min';
      /** Counters of each hash function. */
      readonly cells: number;
      readonly hashes: number;
      /** Draws after which an occurrence counts half. */
      readonly halfLifeDraws: number;
    }
  | { readonly kind: 'exact' };

export interface TrainingSpec {
  readonly batchSize: number;
  /** Optimiser steps on each batch, each with fresh negatives. The estimator observes the batch once. */
  readonly updatesPerBatch: number;
  /** Adam's learning rate for the dense layers. */
  readonly denseLearningRate: number;
  readonly schedule: ScheduleSpec;
  readonly seed: number;
}

/** Stages of training, one after the other, in optimiser steps. */
export interface ScheduleSpec {
  /** At least one. */
  readonly stages: readonly StageSpec[];
  /** Index of the stage that follows the last one; null: the last stage stays. */
  readonly repeatFrom: number | null;
}

export interface StageSpec {
  readonly name: string;
  /** Null: it does not end. */
  readonly steps: number | null;
  /** Share of the hard negatives at hand that are used. */
  readonly hardShare: Ramp;
  /** Factor of every learning rate. */
  readonly learningRateScale: Ramp;
}

/** A value that goes linearly from the first step of a stage to its end. */
export interface Ramp {
  readonly from: number;
  readonly to: number;
}
