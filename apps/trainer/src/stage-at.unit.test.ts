import type { ScheduleSpec, StageSpec } from '@gatehouse/schema';

import { stageAt } from './stage-at';

const steady = { from: 1, to: 1 };
const warmUp: StageSpec = {
  name: 'warm-up',
  steps: 10,
  hardShare: { from: 0, to: 0 },
  learningRateScale: { from: 0, to: 1 },
};
const fineTune: StageSpec = {
  name: 'fine-tune',
  steps: 20,
  hardShare: { from: 0, to: 0.5 },
  learningRateScale: steady,
};
const refresh: StageSpec = { name: 'refresh', steps: 5, hardShare: { from: 0, to: 0 }, learningRateScale: steady };
const names = (schedule: ScheduleSpec, steps: readonly number[]): string[] =>
  steps.map((step) => stageAt(schedule, step).name);

describe('stageAt', () => {
  it('goes through the stages one after the other, and stays in the last', () => {
    const schedule = { stages: [warmUp, fineTune, { ...refresh, steps: null }], repeatFrom: null };
    expect(names(schedule, [0, 9, 10, 29, 30, 1000])).toEqual([
      'warm-up',
      'warm-up',
      'fine-tune',
      'fine-tune',
      'refresh',
      'refresh',
    ]);
  });

  it('leads back to the stage that it repeats from', () => {
    const schedule = { stages: [warmUp, fineTune, refresh], repeatFrom: 1 };
    // 10 steps of warm-up, then 25 steps again and again: fine-tune from 10, refresh from 30, fine-tune from 35, refresh from 55.
    expect(names(schedule, [34, 35, 54, 55, 59, 60])).toEqual([
      'refresh',
      'fine-tune',
      'fine-tune',
      'refresh',
      'refresh',
      'fine-tune',
    ]);
    expect(stageAt(schedule, 45)).toEqual(stageAt(schedule, 20));
  });

  it('goes linearly over a stage', () => {
    const schedule = { stages: [warmUp, fineTune], repeatFrom: null };
    expect([0, 5, 9].map((step) => stageAt(schedule, step).rateScale)).toEqual([0, 0.5, 0.9]);
    expect([10, 20, 29].map((step) => stageAt(schedule, step).hardShare)).toEqual([0, 0.25, 0.475]);
    expect(stageAt(schedule, 30).hardShare).toBe(0.5); // a last stage that has ended stays at its end
    expect(stageAt(schedule, 1e6).hardShare).toBe(0.5);
  });

  it('takes the end of the ramp in a stage without end', () => {
    const schedule = { stages: [{ ...fineTune, steps: null }], repeatFrom: null };
    expect(stageAt(schedule, 0)).toEqual({ name: 'fine-tune', hardShare: 0.5, rateScale: 1 });
  });
});
