import { setImmediate } from 'node:timers/promises';

import { createSerialQueue } from './serial-queue';

describe('createSerialQueue', () => {
  it('runs one task at a time, in order, past failures', async () => {
    const inTurn = createSerialQueue();
    const events: string[] = [];
    const task =
      (name: string, fails = false) =>
      async (): Promise<string> => {
        events.push(`${name} begins`);
        await setImmediate();
        events.push(`${name} ends`);
        if (fails) throw new Error(name);
        return name;
      };
    const results = await Promise.allSettled([inTurn(task('a')), inTurn(task('b', true)), inTurn(task('c'))]);
    expect(events).toEqual(['a begins', 'a ends', 'b begins', 'b ends', 'c begins', 'c ends']);
    expect(results).toEqual([
      { status: 'fulfilled', value: 'a' },
      { status: 'rejected', reason: new Error('b') },
      { status: 'fulfilled', value: 'c' },
    ]);
  });
});
