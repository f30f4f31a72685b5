import { PassThrough } from 'node:stream';

import { createProgress, type Output } from './progress';

/** An output, and what was written to it. */
function createOutput(isTTY: boolean): { output: Output; text: () => string } {
  const stream = new PassThrough();
  const chunks: Buffer[] = [];
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  const terminal = { isTTY, columns: 200, cursorTo: () => true, moveCursor: () => true, clearLine: () => true };
  return { output: Object.assign(stream, terminal), text: () => Buffer.concat(chunks).toString() };
}

describe('elsewhere than on a terminal', () => {
  it('is a plain line at every tenth', () => {
    const { output, text } = createOutput(false);
    const progress = createProgress(output);
    const task = progress.begin('learn', 1000);
    for (let done = 1; done <= 1000; done++) task.update(done, done === 500 ? 'half' : '');
    task.end();
    progress.print('a line');
    progress.end();
    const lines = text().trimEnd().split('\n');
    expect(lines.map((line) => /^learn: (\d+)\/1000, [\d,]+\/s( half)?$/.exec(line)?.[1] ?? line)).toEqual([
      ...['100', '200', '300', '400', '500', '600', '700', '800', '900', '1000'],
      'a line',
    ]);
  });

  it('skips tenths, and has one line for nothing to do', () => {
    const { output, text } = createOutput(false);
    const progress = createProgress(output);
    const task = progress.begin('ingest', 100);
    task.update(55);
    task.update(59);
    progress.begin('nothing', 0).update(0);
    expect(
      text()
        .split('\n')
        .map((line) => line.split(',')[0]),
    ).toEqual(['ingest: 55/100', 'nothing: 0/0', '']);
  });
});

describe('on a terminal', () => {
  it('is bars, and lines also after their end', () => {
    const listeners = process.listenerCount('SIGINT');
    const { output, text } = createOutput(true);
    const progress = createProgress(output);
    progress.print('before');
    const task = progress.begin('learn', 10);
    task.update(5, 'loss 3');
    expect(process.listenerCount('SIGINT')).toBe(listeners); // signals stay with those who end the work
    progress.end();
    const shown = text();
    expect(shown).toMatch(/^before\n/);
    expect(shown).toMatch(/learn .*5\/10 .*loss 3/);
    task.update(6);
    progress.end();
    progress.print('after');
    expect(text()).toBe(`${shown}after\n`);
  });
});
