import type { Hit, IndexPoint } from '@gatehouse/item-index';
import { type Canary, createCandidateMatrix } from '@gatehouse/towers';

/** Exact nearest items of each canary, found while the points stream by. */
export interface NearestToCanaries {
  add(points: readonly IndexPoint[]): void;
  /** The `k` best items of each canary, best first, ties by item id. */
  best(): readonly (readonly Hit[])[];
}

/** Keeps the `k` items of greatest dot product for each canary; memory is `[canaries, k]` beside one chunk of scores. */
export function createNearestToCanaries(canaries: readonly Canary[], k: number): NearestToCanaries {
  const dimension = canaries[0]?.vector.length ?? 0;
  const queries = new Float32Array(canaries.length * dimension); // [canaries, dimension]
  canaries.forEach(({ vector }, i) => queries.set(vector, i * dimension));
  const best: Hit[][] = canaries.map(() => []);

  return {
    add: (points) => {
      if (canaries.length === 0 || points.length === 0) return;
      const vectors = new Float32Array(points.length * dimension);
      points.forEach(({ vector }, i) => vectors.set(vector, i * dimension));
      const matrix = createCandidateMatrix(vectors, dimension);
      const scores = matrix.scores(queries); // [canaries, points]
      matrix.dispose();
      best.forEach((kept, c) => {
        const worst = kept.length === k ? kept[k - 1].score : -Infinity;
        for (let p = 0; p < points.length; p++) {
          const score = scores[c * points.length + p];
          if (score >= worst) kept.push({ itemId: points[p].itemId, score });
        }
        kept.sort(byScoreThenId);
        kept.length = Math.min(kept.length, k);
      });
    },
    best: () => best,
  };
}

function byScoreThenId(a: Hit, b: Hit): number {
  return b.score - a.score || (a.itemId < b.itemId ? -1 : 1);
}
