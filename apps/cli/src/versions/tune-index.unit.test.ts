import { formatTuning, type TunedVariant } from './tune-index';

const variant = (changes: Partial<TunedVariant>): TunedVariant => ({
  quantization: 'none',
  coarsePrefix: 0,
  effort: 64,
  recall: 0.98,
  ms: 0.5,
  megabytes: 12.34,
  meetsGoal: true,
  ...changes,
});

describe('formatTuning', () => {
  const faster = variant({ quantization: 'scalar', coarsePrefix: 16, ms: 0.25 });
  const costs = [variant({}), faster, variant({ quantization: 'binary', recall: 0.5, meetsGoal: false })];

  it('shows every variant, which is the cheapest, and what to set for it', () => {
    const lines = formatTuning({ version: '1-7', k: 100, recall: 0.95, costs, cheapest: faster }).split('\n');
    expect(lines.map((line) => line.split(/ {2,}/))).toEqual([
      ['version 1-7, recall@100 of at least 0.95'],
      ['quantization', 'prefix', 'effort', 'recall@100', 'ms', 'MB'],
      expect.anything(),
      ['none', 'whole', '64', '0.9800', '0.500', '12.3'],
      ['scalar', '16', '64', '0.9800', '0.250', '12.3', 'cheapest'],
      ['binary', 'whole', '64', '0.5000', '0.500', '12.3', 'misses'],
      ['set qdrant.quantization: scalar and index.coarsePrefix: 16 in config/embedder.yaml'],
    ]);
  });

  it('says so when none finds enough', () => {
    expect(formatTuning({ version: '1-7', k: 100, recall: 1, costs: [], cheapest: null })).toContain('none meets it');
  });
});
