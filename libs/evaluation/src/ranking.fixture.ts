import type { Random } from '@gatehouse/domain';

/** For tests: scores with many ties, `[items]`. */
export function tiedScores(items: number, levels: number, random: Random): Float32Array {
  return new Float32Array(items).map(() => random.below(levels) / 4);
}

/** For tests: the 1-based place of the target when the items are sorted by score, ties in a random order. */
export function placeAfterSorting(scores: Float32Array, target: number, excluded: Set<number>, random: Random): number {
  return (
    Array.from(scores, (score, position) => ({ score, position, luck: random.next() }))
      .filter(({ position }) => position === target || !excluded.has(position))
      .sort((a, b) => b.score - a.score || a.luck - b.luck)
      .findIndex(({ position }) => position === target) + 1
  );
}
