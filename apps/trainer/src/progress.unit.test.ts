import { createProgress } from './progress';

describe('createProgress', () => {
  it('adds batch by batch', () => {
    const progress = createProgress();
    progress.add({ applied: 8, unweighted: 2, deadLettered: 1, loss: 1.5, eventTimeMs: 70 });
    progress.add({ applied: 8, unweighted: 0, deadLettered: 3, loss: 0.25, eventTimeMs: 60 });
    expect(progress.counts).toEqual({
      applied: 16,
      unweighted: 2,
      deadLettered: 4,
      batches: 2,
      lossSum: 1.75,
      eventTimeMs: 70,
    });
  });

  it('goes on from a snapshot, which later batches leave as it was', () => {
    const progress = createProgress();
    progress.add({ applied: 8, unweighted: 2, deadLettered: 1, loss: 1.5, eventTimeMs: 70 });
    const snapshot = progress.snapshot();
    progress.add({ applied: 1, unweighted: 1, deadLettered: 1, loss: 1, eventTimeMs: 90 });
    const restored = createProgress();
    restored.restore(snapshot);
    expect(restored.counts).toEqual({
      applied: 8,
      unweighted: 2,
      deadLettered: 1,
      batches: 1,
      lossSum: 1.5,
      eventTimeMs: 70,
    });
  });
});
