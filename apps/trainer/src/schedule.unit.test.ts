import { createManualClock } from '@gatehouse/runtime';

import type { ProgressCounts } from './progress';
import { createSchedule } from './schedule';

const options = { publishEveryEvents: 100, publishAfterIdleMs: 2000, checkpointEveryMs: 60_000 };
const at = (applied: number): ProgressCounts => ({
  applied,
  skipped: 0,
  unweighted: 0,
  deadLettered: 0,
  duplicates: 0,
  withoutRecord: 0,
  joined: 0,
  pending: 0,
  late: 0,
  corrected: 0,
  batches: 0,
  lossSum: 0,
  refused: 0,
  refusedInRow: 0,
  eventTimeMs: 0,
});

function createStarted(savedEvents = 0, publishedEvents = 0) {
  const clock = createManualClock();
  return { clock, schedule: createSchedule(options, { savedEvents, publishedEvents }, clock) };
}

describe('createSchedule', () => {
  it('publishes at each crossing of a multiple', () => {
    const { schedule } = createStarted();
    const due = [96, 104, 112, 196, 200, 208, 504].map((applied) => schedule.due(at(applied)));
    expect(due).toEqual([undefined, 'version', undefined, undefined, 'version', undefined, 'version']);
  });

  it('publishes after a resume where a run that never stopped does', () => {
    // Saved at 150 and published at 104: the next crossing is 200, not 204.
    const { schedule } = createStarted(150, 104);
    expect(schedule.due(at(192))).toBeUndefined();
    expect(schedule.due(at(200))).toBe('version');
  });

  it('publishes what a crash kept from being published', () => {
    const { schedule } = createStarted(104, 0);
    expect(schedule.due(at(112))).toBe('version');
  });

  it('waits for news when the checkpoint is older than the newest version', () => {
    const { schedule } = createStarted(104, 200);
    expect([200, 296, 304].map((applied) => schedule.due(at(applied)))).toEqual([undefined, undefined, 'version']);
  });

  it('saves by the clock, counting from the newest save of any kind', () => {
    const { clock, schedule } = createStarted();
    clock.advance(59_999);
    expect(schedule.due(at(8))).toBeUndefined();
    clock.advance(1);
    expect(schedule.due(at(16))).toBe('checkpoint');
    expect(schedule.due(at(24))).toBeUndefined();
    clock.advance(30_000);
    expect(schedule.due(at(104))).toBe('version');
    clock.advance(59_999);
    expect(schedule.due(at(112))).toBeUndefined();
    clock.advance(1);
    expect(schedule.due(at(120))).toBe('checkpoint');
  });

  it('is not moved by a change of the wall clock', () => {
    const { clock, schedule } = createStarted();
    clock.setWall(3_600_000);
    expect(schedule.due(at(8))).toBeUndefined();
  });

  it('publishes the rest once when idle', () => {
    const { schedule } = createStarted();
    expect(schedule.afterIdleMs).toBe(2000);
    expect(schedule.dueWhenIdle(at(0))).toBeUndefined();
    expect(schedule.dueWhenIdle(at(8))).toBe('version');
    expect(schedule.dueWhenIdle(at(8))).toBeUndefined();
  });

  it('knows whether anything was learned since the last save', () => {
    const { clock, schedule } = createStarted(8, 0);
    expect(schedule.hasUnsaved(at(8))).toBe(false);
    expect(schedule.hasUnsaved(at(16))).toBe(true);
    clock.advance(60_000);
    schedule.due(at(16));
    expect(schedule.hasUnsaved(at(16))).toBe(false);
    schedule.dueWhenIdle(at(24));
    expect(schedule.hasUnsaved(at(24))).toBe(false);
  });
});
