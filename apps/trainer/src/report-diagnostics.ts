import type { Gauge, Logger, Metrics } from '@gatehouse/runtime';

import type { TableStats } from '@gatehouse/towers';

import type { Diagnostics } from './diagnostics';

/** Gauges of the figures that are single numbers, with what each means. */
const gauges = {
  loss: ['loss', 'Loss of the last measured step.'],
  denseGradientNorm: ['dense_gradient_norm', 'Length of the gradient of all dense weights.'],
  rowGradientNorm: ['row_gradient_norm', 'Length of the gradient of all touched rows.'],
  logitMin: ['logit_min', 'Smallest logit.'],
  logitMax: ['logit_max', 'Largest logit.'],
  effectiveNegatives: ['effective_negatives', 'Negatives that carry the gradient of a row.'],
  accidentalHitShare: ['accidental_hit_share', 'Share of shared candidates that are masked as accidental hits.'],
  estimatorError: ['estimator_error', 'Half the L1 distance between estimated and exact shares of the recent stream.'],
  estimatorNoise: ['estimator_noise', 'What of the estimator error is noise of the exact shares.'],
  estimatorLogBias: ['estimator_log_bias', 'Mean logarithm of estimated over exact share, weighted by the share.'],
  positivePopularity: ['positive_popularity', 'Mean share of the stream of the positives.'],
  topPopularity: ['top_popularity', 'Mean share of the stream of the items that rank first.'],
  temperature: ['temperature', 'Temperature of the scores.'],
  hardShare: ['hard_share', 'Share of the hard negatives at hand that are used.'],
  learningRateScale: ['learning_rate_scale', 'Factor of every learning rate.'],
} as const satisfies Partial<Record<keyof Diagnostics, readonly [name: string, help: string]>>;

/** Gauges of each table. They count since the table was made, also over restarts, which a Prometheus counter could not. */
const tableGauges = {
  ids: ['table_ids', 'Ids that have a row.'],
  admissions: ['table_admissions', 'Ids that were given a row.'],
  evictions: ['table_evictions', 'Ids that lost their row because the table was full.'],
  expirations: ['table_expirations', 'Ids that lost their row because they were long unused.'],
  refusals: ['table_refusals', 'Ids that got no row, because all were in use.'],
} as const satisfies Record<keyof TableStats, readonly [name: string, help: string]>;

/** Writes diagnostics to the log and to metrics. */
export function createDiagnosticsReport(metrics: Metrics, logger: Logger): (diagnostics: Diagnostics) => void {
  const byFigure = new Map<keyof typeof gauges, Gauge>();
  for (const [figure, [name, help]] of Object.entries(gauges)) {
    byFigure.set(figure as keyof typeof gauges, metrics.gauge({ name, help }));
  }
  const byStat = Object.entries(tableGauges).map(([stat, [name, help]]) => ({
    stat: stat as keyof typeof tableGauges,
    gauge: metrics.gauge({ name, help, labels: ['table'] }),
  }));
  return (diagnostics) => {
    logger.info('learning.measured', { ...diagnostics });
    for (const [figure, gauge] of byFigure) {
      const value = diagnostics[figure];
      if (value !== undefined) gauge.set(value);
    }
    for (const [table, stats] of Object.entries(diagnostics.tables)) {
      for (const { stat, gauge } of byStat) gauge.set(stats[stat], { table });
    }
  };
}
