import { createRandom } from '@gatehouse/domain';
import { sortInTurns } from './sort-in-turns';

describe('sortInTurns', () => {
  it.each([0, 1, 2, 8192, 8193, 30_000, 65_537])(
    'orders %i keys as a plain sort does, equal ones by position',
    async (count) => {
      const random = createRandom('keys', count);
      const keys = Array.from({ length: count }, () => random.below(20_000).toString(36));
      const expected = keys.map((_, i) => i).sort((a, b) => (keys[a] < keys[b] ? -1 : keys[a] > keys[b] ? 1 : a - b));
      expect([...(await sortInTurns(keys))]).toEqual(expected);
    },
  );

  it('lets timers run meanwhile', async () => {
    let turns = 0;
    const timer = setInterval(() => turns++, 0);
    await sortInTurns(Array.from({ length: 50_000 }, (_, n) => `${Math.imul(n, 2_654_435_761) >>> 0}`));
    clearInterval(timer);
    expect(turns).toBeGreaterThan(0);
  });
});
