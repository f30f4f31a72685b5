import type { Hit, ItemIndex, SearchRequest } from '@gatehouse/item-index';
import type { Canary } from '@gatehouse/towers';

import { tuneSearch } from './tune-search';

const nearest: readonly Hit[] = Array.from({ length: 10 }, (_, i) => ({ itemId: `i${i}`, score: 1 - i / 10 }));
const canaries = Array.from({ length: 4 }, () => ({ vector: new Float32Array(2) })) as unknown as readonly Canary[];

/** Finds as many of the ten as `found` says of a width, and takes as many milliseconds as the width has hundreds. */
function setUp(found: (effort: number) => number) {
  let nowMs = 0;
  const index = {
    search: async ({ effort = 0 }: SearchRequest) => {
      nowMs += effort / 100;
      return nearest.slice(0, found(effort));
    },
  } as unknown as ItemIndex;
  const tune = (recall: number) =>
    tuneSearch(index, canaries, [nearest, nearest, nearest, nearest], { k: 10, recall }, { monotonicMs: () => nowMs });
  return { tune };
}

describe('tuneSearch', () => {
  it('takes the cheapest width that meets the recall, and tries no wider one', async () => {
    const { tune } = setUp((effort) => (effort < 128 ? 8 : 10));
    const { effort, curve } = await tune(0.95);
    expect(effort).toBe(128);
    expect(curve.map((cost) => [cost.effort, cost.recall, Number(cost.ms.toFixed(2))])).toEqual([
      [32, 0.8, 0.32],
      [64, 0.8, 0.64],
      [128, 1, 1.28],
    ]);
    expect((await tune(0.8)).effort).toBe(32);
  });

  it('takes the widest when none meets it', async () => {
    const { tune } = setUp(() => 9);
    const { effort, curve } = await tune(0.95);
    expect([effort, curve.length]).toEqual([512, 5]);
  });

  it('needs no canaries', async () => {
    const index = {} as ItemIndex;
    const tuned = await tuneSearch(index, [], [], { k: 10, recall: 1 }, { monotonicMs: () => 0 });
    expect(tuned.effort).toBe(32);
  });
});
