import {
  type ChartLine,
  describeMachine,
  lineChart,
  machineLine,
  markdownTable,
  writeResult,
  writeSection,
} from '@gatehouse/testing';

import type { FrequencyEstimatorOptions } from '../src';
import { createLargeCatalogue, type LargeCatalogueResult, measureLargeCatalogue } from './large-catalogue';
import { type ReversalCurve, reversedAtStep, simulateReversal } from './reversal';

/*
 * Frequency estimators: the simulation of Yi et al. 2019, section 6.1, and Zipf(1) over a million ids. Writes docs/benchmarks.md and
 * reports/bench-sampling.json. `-- --quick`: less of everything, and no page.
 */
const isQuick = process.argv.includes('--quick');
const seeds = isQuick ? [1] : [1, 2];
const items = isQuick ? 100_000 : 1_000_000;
const draws = isQuick ? 500_000 : 5_000_000;

interface Contender {
  readonly label: string;
  readonly options: FrequencyEstimatorOptions;
}

/** A decay per step of 128 draws as a half-life in draws: 128 ln 2 / -ln decay. */
const halfLife = (decayPerStep: number): number => Math.round((128 * Math.LN2) / -Math.log(decayPerStep));
const sketch = (cells: number, halfLifeDraws: number): FrequencyEstimatorOptions => ({
  kind: 'decayed-count-min',
  cells,
  hashes: 4,
  halfLifeDraws,
});
const noDecayDraws = 4_000_000;

/** 10,000 cells in all, so 2,500 for each of four hash functions. */
const reversalContenders: readonly Contender[] = [
  { label: 'gap, a = .01, m = 4', options: { kind: 'gap', cells: 2500, hashes: 4, rate: 0.01 } },
  { label: 'gap, a = .02, m = 4', options: { kind: 'gap', cells: 2500, hashes: 4, rate: 0.02 } },
  { label: 'gap, a = .01, m = 1', options: { kind: 'gap', cells: 10_000, hashes: 1, rate: 0.01 } },
  { label: 'count-min, half-life 4 M', options: sketch(2500, noDecayDraws) },
  { label: 'count-min, half-life 200000', options: sketch(2500, 200_000) },
  { label: `count-min, half-life ${halfLife(0.998)}`, options: sketch(2500, halfLife(0.998)) },
  { label: `count-min, half-life ${halfLife(0.995)}`, options: sketch(2500, halfLife(0.995)) },
];

const bytesPerCell = { gap: 16, 'decayed-count-min': 4, exact: 0 } as const;

/** Cells in all at 0.1 and 1 an id; the sketch also with the bytes that the gap estimator takes. */
function largeContenders(): readonly (Contender & { readonly cellsPerId: number })[] {
  return [0.1, 1].flatMap((cellsPerId) => {
    const cells = (cellsPerId * items) / 4;
    return [
      { label: 'gap, a = .01', options: { kind: 'gap', cells, hashes: 4, rate: 0.01 } as const, cellsPerId },
      ...[50_000, 200_000, 500_000, noDecayDraws].map((draw) => ({
        label: `count-min, half-life ${draw}`,
        options: sketch(cells, draw),
        cellsPerId,
      })),
      {
        label: 'count-min, half-life 200000, bytes of gap',
        options: sketch(4 * cells, 200_000),
        cellsPerId: 4 * cellsPerId,
      },
    ];
  });
}

function meanCurve(curves: readonly ReversalCurve[]): ReversalCurve {
  return {
    points: curves[0].points.map(([step], n) => [
      step,
      curves.reduce((sum, { points }) => sum + points[n][1], 0) / curves.length,
    ]),
  };
}

const total = reversalContenders.length * seeds.length + largeContenders().length;
const began = performance.now();
let done = 0;
function report(label: string): void {
  done++;
  const seconds = (performance.now() - began) / 1000;
  const left = (seconds / done) * (total - done);
  console.log(`[${done}/${total}] ${label}: ${seconds.toFixed(0)} s so far, about ${left.toFixed(0)} s to go`);
}

function short(value: number): string {
  return value < 1 ? value.toFixed(3).replace(/^0/, '') : value.toFixed(2);
}

function main(): void {
  const reversals = reversalContenders.map(({ label, options }) => {
    const curves = seeds.map((seed) => {
      const curve = simulateReversal(options, seed);
      report(`reversal, ${label}, seed ${seed}`);
      return curve;
    });
    return { label, options, curve: meanCurve(curves) };
  });
  const catalogue = createLargeCatalogue(items, draws, 1);
  const large = largeContenders().map(({ label, options, cellsPerId }) => {
    const result = measureLargeCatalogue(options, catalogue);
    report(`${cellsPerId} cells an id, ${label}`);
    return { label, options, cellsPerId, megabytes: megabytes(options), result };
  });

  const page = format(reversals, large);
  console.log(`\n${page}`);
  const machine = describeMachine();
  writeResult(
    'reports/bench-sampling.json',
    `${JSON.stringify({ machine, seeds, items, draws, reversals, large }, null, 2)}\n`,
  );
  if (isQuick) return;
  const lines: ChartLine[] = reversals.map(({ label, curve }) => ({ label, points: curve.points }));
  writeResult(
    'docs/benchmarks/estimators-reversal.svg',
    lineChart(lines, {
      title: 'Error over time; the distribution is reversed at step 10,000',
      xLabel: 'step of 128 draws',
      yLabel: 'half the L1 distance',
    }),
  );
  writeSection('docs/benchmarks.md', 'sampling', `${machineLine(machine)}\n\n${page}`);
}

function megabytes(options: FrequencyEstimatorOptions): number {
  return options.kind === 'exact' ? 0 : (options.cells * options.hashes * bytesPerCell[options.kind]) / 1e6;
}

interface Reversal {
  readonly label: string;
  readonly options: FrequencyEstimatorOptions;
  readonly curve: ReversalCurve;
}

interface Large {
  readonly label: string;
  readonly cellsPerId: number;
  readonly megabytes: number;
  readonly result: LargeCatalogueResult;
}

function format(reversals: readonly Reversal[], large: readonly Large[]): string {
  const at = ({ points }: ReversalCurve, step: number): string =>
    short((points.find(([each]) => each === step) ?? [0, NaN])[1]);
  const million = (rate: number): string => (rate / 1e6).toFixed(1);
  return [
    `The simulation of Yi et al. 2019, section 6.1: 1000 items, q proportional to i^2, batches of 128, 10,000 cells in all; half the L1`,
    `distance to the truth, mean of ${seeds.length} seeds. A cell of \`gap\` takes 16 bytes, one of the sketch 4.`,
    '',
    markdownTable(
      ['estimator', 'KB', 'step 10,000', '+1,000', '+2,000', '+10,000'],
      reversals.map(({ label, options, curve }) => [
        label,
        (1000 * megabytes(options)).toFixed(0),
        ...[0, 1000, 2000, 10_000].map((after) => at(curve, reversedAtStep + after)),
      ]),
    ),
    '',
    '![Error of the estimators over the steps of the simulation](benchmarks/estimators-reversal.svg)',
    '',
    `Zipf(1) over ${items.toLocaleString('en')} ids after ${draws.toLocaleString('en')} draws. Half the L1 distance over all ids; mean`,
    `|log(estimate / truth)| over the draws of the 1,000 most frequent ids (head), the next 99,000 (torso) and the rest (tail): what log Q`,
    'is off by where the candidates are. Rates are medians, one thread.',
    '',
    markdownTable(
      ['cells an id', 'estimator', 'MB', 'half L1', 'head', 'torso', 'tail', 'M observes/s', 'M reads/s'],
      large.map(({ label, cellsPerId, megabytes: size, result }) => [
        String(cellsPerId),
        label,
        size.toFixed(1),
        short(result.halfL1),
        short(result.logError.head),
        short(result.logError.torso),
        short(result.logError.tail),
        million(result.observesPerSecond),
        million(result.readsPerSecond),
      ]),
    ),
  ].join('\n');
}

main();
