import { createRandom, type Random } from '@gatehouse/domain';

import type { IndexPoint } from './item-index';

/** Attributes that {@link clusteredPoints} gives to points. */
export const clusteredAttributes = { genre: 'string', tags: 'string', year: 'number', free: 'boolean' } as const;

/** Standard normal, by Box and Muller. */
function normal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next());
}

/** Unit vectors around a few common directions, as item embeddings lie: approximate search has structure to find. */
export function clusteredVectors(seed: number, count: number, dimension: number): Float32Array[] {
  const shared = createRandom('centres', 1);
  const centres = Array.from({ length: 20 }, () => Array.from({ length: dimension }, () => normal(shared)));
  const random = createRandom('points', seed);
  return Array.from({ length: count }, () => {
    const centre = centres[random.below(centres.length)];
    const vector = centre.map((value) => value + 0.7 * normal(random));
    const norm = Math.hypot(...vector);
    return Float32Array.from(vector, (value) => value / norm);
  });
}

/** Points of {@link clusteredVectors} with attributes of every kind, some of them missing. Ids begin with the prefix. */
export function clusteredPoints(seed: number, count: number, dimension: number, prefix = 'item'): IndexPoint[] {
  const random = createRandom('attributes', seed);
  return clusteredVectors(seed, count, dimension).map((vector, i) => ({
    itemId: `${prefix}-${i}`,
    vector,
    attributes: {
      genre: ['film', 'series', 'song'][random.below(3)],
      tags: ['new', 'kids', 'classic'].filter(() => random.next() < 0.4),
      ...(random.next() < 0.8 ? { year: 1990 + random.below(30) } : {}),
      free: random.next() < 0.05,
    },
  }));
}
