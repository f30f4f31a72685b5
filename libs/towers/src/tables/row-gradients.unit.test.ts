import { createRandom } from '@gatehouse/domain';

import { createEmbeddingTable } from './embedding-table';
import { createRowGradients } from './row-gradients';
import { testTable } from '../test-schema.fixture';

const spec = testTable({ dimension: 2, initialScale: 0.1 });

describe('row gradients', () => {
  it('adds up what one row gets, in order of first touch', () => {
    const gradients = createRowGradients(createEmbeddingTable('items', spec, 5, createRandom('rows', 1)));
    const from = Float32Array.of(9, 9, 1, 2, 10, 20);
    gradients.add(3, from, 2, 1);
    gradients.add(0, from, 4, 0.5);
    gradients.add(3, from, 4, -1);
    expect(gradients.count).toBe(2);
    expect([...gradients.rows]).toEqual([3, 0]);
    expect([...gradients.gradients]).toEqual([-9, -18, 5, 10]);
  });

  it.each([1, 2, 3])('agrees with a Map of sums through many steps of a growing table, seed %i', (seed) => {
    const random = createRandom('touches', seed);
    const table = createEmbeddingTable('items', spec, 1, random);
    const gradients = createRowGradients(table);
    for (let step = 0; step < 4; step++) {
      for (let i = 0; i < 200; i++) table.addRow(`${step}/${i}`, 0);
      const sums = new Map<number, number[]>();
      for (let touch = 0; touch < 900; touch++) {
        const [row, from, scale] = [random.below(table.rows), Float32Array.of(random.below(9), 1), random.below(3)];
        gradients.add(row, from, 0, scale); // whole numbers, so sums are exact
        const [a, b] = sums.get(row) ?? [0, 0];
        sums.set(row, [a + scale * from[0], b + scale]);
      }
      expect([...gradients.rows]).toEqual([...sums.keys()]);
      expect([...gradients.gradients]).toEqual([...sums.values()].flat());
      gradients.clear();
      expect(gradients.count).toBe(0);
      expect(gradients.rows).toHaveLength(0);
      expect(gradients.gradients).toHaveLength(0);
    }
  });
});
