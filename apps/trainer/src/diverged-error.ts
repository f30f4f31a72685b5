/** Optimiser steps that may be refused in a row: a bad batch is passed over, a broken model is not trained on. */
export const maxRefusedInRow = 3;

/**
 * Loss or gradient was not finite in several batches in a row, and training stopped. Causes: learning rates that are too large, weights
 * that are broken, events that are. The newest checkpoint is from before.
 */
export class DivergedError extends Error {
  override readonly name = 'DivergedError';
  constructor(
    readonly refusedInRow: number,
    options: ErrorOptions,
  ) {
    super(
      `training: expected a finite loss and gradient, found ${refusedInRow} batches in a row without; the newest checkpoint is ` +
        'intact: lower the learning rates, or look at the events of the batches that were refused',
      options,
    );
  }
}
