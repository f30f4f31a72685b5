import type { RowLossSpec } from '@gatehouse/schema';

import type { RowLoss } from './row-loss';
import { marginMse, teacherDivergence } from './rows/distillation';
import { bpr, createHinge } from './rows/pairwise';
import { binaryCrossEntropy, noiseContrastive } from './rows/pointwise';
import { createSoftmaxRowLoss, softmaxForms } from './rows/softmax';
import { createTriplet } from './rows/triplet';

/** The loss of the rows that a schema names. For `info-nce` it is that of each of the two directions. */
export function chooseRowLoss(spec: RowLossSpec): RowLoss {
  switch (spec.kind) {
    case 'softmax':
      return createSoftmaxRowLoss(softmaxForms[spec.form]);
    case 'info-nce':
      return createSoftmaxRowLoss(softmaxForms.corrected);
    case 'dpr':
      return createSoftmaxRowLoss(softmaxForms.dpr);
    case 'bpr':
      return bpr;
    case 'hinge':
      return createHinge(spec.margin);
    case 'triplet':
      return createTriplet(spec.margin);
    case 'nce':
      return noiseContrastive;
    case 'binary-cross-entropy':
      return binaryCrossEntropy;
    case 'margin-mse':
      return marginMse;
    case 'kl':
      return teacherDivergence;
  }
}
