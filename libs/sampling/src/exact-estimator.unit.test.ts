import { hashIds } from '@gatehouse/domain';

import { createExactEstimator } from './exact-estimator';

describe('exact estimator', () => {
  it('divides counts by draws, and takes an unseen key for the next draw', () => {
    const estimator = createExactEstimator('frequency');
    const p = new Float64Array(3);
    estimator.probability(hashIds(['a', 'b', 'c']), p);
    expect([...p]).toEqual([1, 1, 1]); // 1 / (0 + 1)
    estimator.observe(hashIds(['a', 'b', 'b', 'b']));
    estimator.probability(hashIds(['a', 'b', 'c']), p);
    expect([...p]).toEqual([1 / 4, 3 / 4, 1 / 5]);
  });
});
