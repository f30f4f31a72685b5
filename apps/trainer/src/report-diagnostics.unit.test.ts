import { createMetrics } from '@gatehouse/runtime';

import type { Diagnostics } from './diagnostics';
import { createDiagnosticsReport } from './report-diagnostics';
import { createMemoryLogger } from './world.fixture';

const diagnostics: Diagnostics = {
  loss: 1.5,
  denseGradientNorm: 0.25,
  rowGradientNorm: 2,
  logitMin: -9,
  logitMax: 8,
  effectiveNegatives: 31.5,
  accidentalHitShare: 0.01,
  positivePopularity: 0.002,
  temperature: 0.1,
  stage: 'steady',
  hardShare: 1,
  learningRateScale: 1,
  tables: { items: { ids: 40, admissions: 44, evictions: 3, expirations: 1, refusals: 0 } },
};

describe('diagnostics report', () => {
  it('writes one line, and every figure that is known as a metric', async () => {
    const [metrics, logger] = [createMetrics('gatehouse_trainer_'), createMemoryLogger()];
    createDiagnosticsReport(metrics, logger)(diagnostics);
    expect(logger.lines).toEqual([{ message: 'learning.measured', fields: diagnostics }]);
    const values = (await metrics.render()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    expect(values).toContain('gatehouse_trainer_effective_negatives 31.5');
    expect(values).toContain('gatehouse_trainer_table_ids{table="items"} 40');
    expect(values).toContain('gatehouse_trainer_table_evictions{table="items"} 3');
    expect(values).toContain('gatehouse_trainer_logit_min -9');
    expect(values.find((line) => line.startsWith('gatehouse_trainer_top_popularity'))).toBe(
      'gatehouse_trainer_top_popularity 0',
    );
  });
});
