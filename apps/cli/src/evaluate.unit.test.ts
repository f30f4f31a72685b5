import { evaluate, formatEvaluation } from './evaluate';
import type { Progress } from './progress';
import { NoReportError } from './run-to-report';
import type { LogLine } from './start/app-process';
import { createFakeApp } from './start/app.fixture';

const report = { users: 610, hitRateAt10: 0.0656, popularityHitRateAt10: 0.0312, standardError: 0.01 };

/** Runs the evaluation with a trainer that logs lines and then ends, unless it waits to be stopped. */
function run(lines: readonly LogLine[], { waits = false, signal = new AbortController().signal } = {}) {
  const updates: number[] = [];
  const progress: Progress = {
    begin: (_, total) => ({ update: (done) => updates.push(done / total), end: () => undefined }),
    print: () => undefined,
    end: () => undefined,
  };
  const result = evaluate({
    startApp: (onLine) => {
      const app = createFakeApp('evaluate', onLine, () => undefined);
      for (const line of lines) app.log(line);
      if (!waits) app.end({ code: 0, signal: null });
      return app;
    },
    progress,
    stopTimeoutMs: 1000,
    signal,
  });
  return { result, updates };
}

describe('evaluate', () => {
  it('follows the trainer to its report', async () => {
    const { result, updates } = run([
      { msg: 'evaluate.learned', learned: 1, total: 4 },
      { msg: 'evaluate.learned', learned: 4, total: 4 },
      { msg: 'evaluate.done', level: 'info', ...report },
    ]);
    expect(await result).toEqual(report);
    expect(updates).toEqual([0.25, 1]);
  });

  it('fails with the last words of a trainer that ends without a report', async () => {
    const { result } = run([{ msg: 'out of memory', level: 'error' }]);
    await expect(result).rejects.toThrow(new NoReportError('evaluate ended: out of memory'));
    await expect(run([]).result).rejects.toThrow('evaluate ended: without a report');
  });

  it('stops the trainer when the signal aborts', async () => {
    const stop = new AbortController();
    const { result } = run([], { waits: true, signal: stop.signal });
    stop.abort();
    await expect(result).rejects.toThrow(NoReportError);
  });
});

test('formatEvaluation sets the model beside popularity', () => {
  expect(formatEvaluation(report).split('\n')).toEqual([
    'leave-one-out, full catalogue  HR@10   standard error',
    '-----------------------------  ------  --------------',
    'two towers, 610 users          0.0656  0.0100',
    'popularity, the same users     0.0312',
  ]);
});
