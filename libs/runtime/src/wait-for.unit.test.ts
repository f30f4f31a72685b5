import { createManualClock } from './manual-clock';
import { waitFor, WaitTimeoutError } from './wait-for';

function polling(timeoutMs = 100) {
  const clock = createManualClock();
  return { clock, options: { what: 'the broker', timeoutMs, everyMs: 30, clock, delay: clock.delay } };
}

describe('waitFor', () => {
  it('returns what the condition found, as soon as it finds something', async () => {
    const { clock, options } = polling();
    const found = await waitFor(() => (clock.monotonicMs() >= 60 ? { port: 1 } : undefined), options);
    expect(found).toEqual({ port: 1 });
    expect(clock.monotonicMs()).toBe(60);
  });

  it('names what it waited for, and tries once more at the very end', async () => {
    const { clock, options } = polling();
    const triedAt: number[] = [];
    const waiting = waitFor(() => void triedAt.push(clock.monotonicMs()), options);
    await expect(waiting).rejects.toThrow(new WaitTimeoutError('the broker', 100));
    expect(triedAt).toEqual([0, 30, 60, 90, 100]);
  });

  it('tries once when there is no time at all', async () => {
    const { options } = polling(0);
    await expect(waitFor(() => 'now', options)).resolves.toBe('now');
    await expect(waitFor(async () => false, options)).rejects.toThrow('waited 0 ms for the broker');
  });

  it('is not confused when the wall clock is set', async () => {
    const { clock, options } = polling();
    const waiting = waitFor(() => {
      clock.setWall(1e12);
      return clock.monotonicMs() >= 90;
    }, options);
    await expect(waiting).resolves.toBe(true);
  });

  it('passes on what the condition throws', async () => {
    const { options } = polling();
    await expect(waitFor(() => Promise.reject(new Error('refused')), options)).rejects.toThrow('refused');
  });

  it('stops when the signal aborts', async () => {
    const { options } = polling();
    const controller = new AbortController();
    const condition = jest.fn(() => controller.abort(new Error('stop')));
    await expect(waitFor(condition, { ...options, signal: controller.signal })).rejects.toThrow('stop');
    expect(condition).toHaveBeenCalledTimes(1);
  });
});
