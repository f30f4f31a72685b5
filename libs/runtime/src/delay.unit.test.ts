import { delay } from './delay';

describe('delay', () => {
  beforeEach(() => jest.useFakeTimers());
  afterEach(() => jest.useRealTimers());

  it('resolves when the time has passed, not before', async () => {
    const done = jest.fn();
    void delay(100).then(done);
    await jest.advanceTimersByTimeAsync(99);
    expect(done).not.toHaveBeenCalled();
    await jest.advanceTimersByTimeAsync(1);
    expect(done).toHaveBeenCalledTimes(1);
  });

  it('rejects with the reason of the signal and leaves no timer', async () => {
    const controller = new AbortController();
    const waiting = delay(100, controller.signal);
    controller.abort(new Error('stop'));
    await expect(waiting).rejects.toThrow('stop');
    expect(jest.getTimerCount()).toBe(0);
    await expect(delay(100, controller.signal)).rejects.toThrow('stop');
    expect(jest.getTimerCount()).toBe(0);
  });

  it('leaves no listener on the signal', async () => {
    const { signal } = new AbortController();
    const remove = jest.spyOn(signal, 'removeEventListener');
    const waiting = delay(1, signal);
    await jest.advanceTimersByTimeAsync(1);
    await waiting;
    expect(remove).toHaveBeenCalledTimes(1);
  });

  it.each([-1, Number.NaN, 2 ** 31, Infinity])('refuses %d ms, which a timer would take for 1', async (ms) => {
    await expect(delay(ms)).rejects.toThrow(/expected 0 to 2147483647 ms, found/);
  });
});
