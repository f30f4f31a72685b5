import { applyPatch, createRandom } from '@gatehouse/domain';

import { createAdmission } from './admission';

describe('admission', () => {
  it('admits at the n-th occurrence', () => {
    const admission = createAdmission(3);
    expect([1, 2, 3, 4].map(() => admission.count('a'))).toEqual([false, false, true, true]);
    expect(admission.isAdmitted('a')).toBe(true);
    expect(admission.isAdmitted('b')).toBe(false);
    expect(admission.count('b')).toBe(false);
  });

  it('is never late, and early only for few ids, with as many counters as ids', () => {
    const admission = createAdmission(2, 4096);
    const early = Array.from({ length: 2000 }, (_, n) => admission.count(`i${n}`)).filter(Boolean).length;
    // An id is early when both of its counters are taken: at most (1 - e^-(2000/4096))^2 = .15 of them, at the end of the list.
    expect(early / 2000).toBeLessThan(0.15);
    expect(Array.from({ length: 2000 }, (_, n) => admission.count(`i${n}`)).every(Boolean)).toBe(true);
  });

  it('forgets counts of long ago, by half', () => {
    const admission = createAdmission(3, 64);
    admission.count('a');
    admission.count('a');
    for (let n = 2; n < 8 * 64; n++) admission.count('b'); // the last of them halves all counts
    expect(admission.count('a')).toBe(false); // the second of two, not the third
    expect(admission.count('a')).toBe(true);
  });

  it('goes on from a snapshot as if it had never stopped', () => {
    const [kept, resumed] = [createAdmission(3, 64), createAdmission(3, 64)];
    kept.count('a');
    kept.count('a');
    resumed.restore('table', { tensors: structuredClone(kept.tensors()), metadata: null });
    expect(resumed.tensors()).toEqual(kept.tensors());
    expect(resumed.count('a')).toBe(true);
    expect(() => createAdmission(3, 32).restore('table', { tensors: kept.tensors(), metadata: null })).toThrow(
      'table: tensor admission: expected U8[64], found U8[128]',
    );
  });

  it.each([1, 2, 3])('tells which counters changed, also when all are halved (seed %i)', (seed) => {
    const random = createRandom('ids', seed);
    const admission = createAdmission(3, 64);
    let base = structuredClone(admission.tensors());
    for (let n = 0; n < 1100; n++) {
      admission.count(`i${random.below(40)}`);
      if (random.next() < 0.8) continue;
      const changes = structuredClone({ ...admission.changes(), metadata: null });
      expect(applyPatch({ tensors: base, metadata: null }, changes).tensors).toEqual(admission.tensors());
      admission.saved();
      base = structuredClone(admission.tensors());
    }
  });
});
