import { systemClock } from './clock';
import { createManualClock } from './manual-clock';

describe('systemClock', () => {
  it('tells the wall time of the host and a monotonic time', () => {
    const before = Date.now();
    const [first, wall, second] = [systemClock.monotonicMs(), systemClock.nowMs(), systemClock.monotonicMs()];
    expect(wall).toBeGreaterThanOrEqual(before);
    expect(second).toBeGreaterThanOrEqual(first);
  });
});

describe('createManualClock', () => {
  it('moves both times on together, and only when told', () => {
    const clock = createManualClock(1_000);
    expect([clock.nowMs(), clock.monotonicMs()]).toEqual([1_000, 0]);
    clock.advance(5);
    expect([clock.nowMs(), clock.monotonicMs()]).toEqual([1_005, 5]);
  });

  it('keeps durations when the wall clock is set back', () => {
    const clock = createManualClock(1_000);
    clock.advance(5);
    clock.setWall(10);
    expect([clock.nowMs(), clock.monotonicMs()]).toEqual([10, 5]);
  });

  it.each([-1, Number.NaN])('refuses to advance by %d', (ms) => {
    expect(() => createManualClock().advance(ms)).toThrow(RangeError);
  });

  it('lets a delay pass at once, unless aborted', async () => {
    const clock = createManualClock();
    await clock.delay(70);
    expect(clock.monotonicMs()).toBe(70);
    await expect(clock.delay(70, AbortSignal.abort(new Error('stop')))).rejects.toThrow('stop');
    expect(clock.monotonicMs()).toBe(70);
  });
});
