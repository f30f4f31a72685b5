import type { Manifest } from '@gatehouse/artifacts';

import { createDeltaPolicy } from './delta-policy';

/** Saves versions of these sizes one after the other: the first is full. Gives what each was. */
function kindsOf(maxDeltas: number, fullBytes: number, deltaBytes: number, versions: number): string {
  const policy = createDeltaPolicy(maxDeltas);
  return Array.from({ length: versions }, (_, n) => {
    const { base } = policy;
    if (base !== null) expect(base).toBe(`1-${n}`);
    const kind = base === null ? 'full' : 'delta';
    const bytes = kind === 'full' ? fullBytes : deltaBytes;
    policy.saved({
      id: `1-${n + 1}`,
      kind,
      files: [1, bytes - 1].map((each) => ({ bytes: each })),
    } as unknown as Manifest);
    return kind === 'full' ? 'F' : 'd';
  }).join('');
}

describe('delta policy', () => {
  it.each([
    ['a full version after so many deltas', 3, 1000, 10, 'FdddFdddF'],
    ['a full version once the deltas weigh as much', 8, 1000, 400, 'FdddFdddF'],
    ['every second version where all changes', 8, 1000, 1000, 'FdFdF'],
    ['full versions alone', 0, 1000, 10, 'FFF'],
  ])('saves %s', (_, maxDeltas, fullBytes, deltaBytes, expected) => {
    expect(kindsOf(maxDeltas, fullBytes, deltaBytes, expected.length)).toBe(expected);
  });
});
