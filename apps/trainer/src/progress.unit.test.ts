import { createProgress } from './progress';

const batch = {
  ...{ joined: 0, pending: 0, late: 0, corrected: 0 },

  applied: 0,
  skipped: 0,
  unweighted: 0,
  deadLettered: 0,
  duplicates: 0,
  withoutRecord: 0,
  refused: false,
  eventTimeMs: 0,
};

describe('createProgress', () => {
  it('adds batch by batch', () => {
    const progress = createProgress();
    progress.add({ ...batch, applied: 8, unweighted: 2, deadLettered: 1, loss: 1.5, eventTimeMs: 70 });
    progress.add({
      ...batch,
      applied: 8,
      deadLettered: 3,
      duplicates: 3,
      withoutRecord: 1,
      loss: 0.25,
      eventTimeMs: 60,
    });
    expect(progress.counts).toEqual({
      joined: 0,
      pending: 0,
      late: 0,
      corrected: 0,
      applied: 16,
      skipped: 0,
      unweighted: 2,
      deadLettered: 4,
      duplicates: 3,
      withoutRecord: 1,
      batches: 2,
      lossSum: 1.75,
      refused: 0,
      refusedInRow: 0,
      eventTimeMs: 70,
    });
  });

  it('counts refused batches, and those in a row until one is learned', () => {
    const progress = createProgress();
    const add = (...kinds: ('refused' | 'learned' | 'empty')[]): number => {
      for (const kind of kinds) {
        const isRefused = kind === 'refused';
        progress.add({
          ...batch,
          refused: isRefused,
          skipped: isRefused ? 8 : 0,
          ...(kind === 'learned' && { loss: 1 }),
        });
      }
      return progress.counts.refusedInRow;
    };
    expect(add('refused')).toBe(1);
    expect(add('empty', 'refused')).toBe(2); // a batch without positives says nothing of the model
    expect(add('learned')).toBe(0);
    expect(add('refused')).toBe(1);
    expect(progress.counts).toMatchObject({ refused: 3, skipped: 24, batches: 1 });
  });

  it('goes on from a snapshot, which later batches leave as it was', () => {
    const progress = createProgress();
    progress.add({ ...batch, applied: 8, unweighted: 2, deadLettered: 1, loss: 1.5, eventTimeMs: 70 });
    const snapshot = progress.snapshot();
    progress.add({ ...batch, applied: 1, unweighted: 1, deadLettered: 1, loss: 1, eventTimeMs: 90 });
    const restored = createProgress();
    restored.restore(snapshot);
    expect(restored.counts).toMatchObject({
      applied: 8,
      skipped: 0,
      unweighted: 2,
      deadLettered: 1,
      batches: 1,
      lossSum: 1.5,
      refused: 0,
      refusedInRow: 0,
      eventTimeMs: 70,
    });
  });
});
