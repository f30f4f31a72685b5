import type { Gauge, Logger, Metrics } from '@gatehouse/runtime';

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

/** Writes diagnostics to the log and to metrics. */
export function createDiagnosticsReport(metrics: Metrics, logger: Logger): (diagnostics: Diagnostics) => void {
  const byFigure = new Map<keyof typeof gauges, Gauge>();
  for (const [figure, [name, help]] of Object.entries(gauges)) {
    byFigure.set(figure as keyof typeof gauges, metrics.gauge({ name, help }));
  }
  const tableRows = metrics.gauge({ name: 'table_rows', help: 'Rows in use.', labels: ['table'] });
  return (diagnostics) => {
    logger.info('learning.measured', { ...diagnostics });
    for (const [figure, gauge] of byFigure) {
      const value = diagnostics[figure];
      if (value !== undefined) gauge.set(value);
    }
    for (const [table, rows] of Object.entries(diagnostics.tableRows)) tableRows.set(rows, { table });
  };
}
