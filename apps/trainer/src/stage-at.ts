import type { Ramp, ScheduleSpec } from '@gatehouse/schema';

/** What the schedule asks of one optimiser step. */
export interface TrainingStage {
  readonly name: string;
  /** Share of the hard negatives at hand that are used. */
  readonly hardShare: number;
  /** Factor of every learning rate. */
  readonly rateScale: number;
}

/**
 * The stage of a step: stages follow each other by their numbers of steps, and the last one stays or leads back to `repeatFrom`. Within
 * a stage of n steps a ramp has the value `from + (to - from) k / n` at its k-th step, counted from 0; in a stage without end it has `to`.
 *
 * A function of the step alone, so that a run that resumes is where one that never stopped is.
 *
 * @example stageAt(schema.training.schedule, 1500).hardShare; // 0.25
 */
export function stageAt({ stages, repeatFrom }: ScheduleSpec, step: number): TrainingStage {
  const lengths = stages.map(({ steps }) => steps ?? Infinity);
  const sumOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);
  let at = step;
  const total = sumOf(lengths);
  if (at >= total && repeatFrom !== null) {
    const lead = sumOf(lengths.slice(0, repeatFrom));
    at = lead + ((at - lead) % (total - lead));
  }
  let s = 0;
  while (s + 1 < stages.length && at >= lengths[s]) at -= lengths[s++];
  const { name, steps, hardShare, learningRateScale } = stages[s];
  const done = steps === null ? 1 : Math.min(1, at / steps);
  const valueOf = ({ from, to }: Ramp): number => from + (to - from) * done;
  return { name, hardShare: valueOf(hardShare), rateScale: valueOf(learningRateScale) };
}
