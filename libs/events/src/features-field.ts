import type { FeatureValue } from '@gatehouse/domain';
import { recordField, typeOf } from './check-fields';

const maxFeatures = 256;
const maxTextLength = 16_384;
const maxListLength = 4096;

/** Features by name: texts, numbers, and lists of either. */
export const featuresField = recordField<FeatureValue>(maxFeatures, featureProblem);

function featureProblem(value: unknown): string | undefined {
  if (typeof value === 'number') return undefined;
  if (typeof value === 'string') {
    return value.length > maxTextLength
      ? `expected at most ${maxTextLength} characters, found ${value.length}`
      : undefined;
  }
  if (!Array.isArray(value)) {
    return `expected a string, a number or a list of either, found ${typeOf(value)}`;
  }
  if (value.length > maxListLength) return `expected at most ${maxListLength} elements, found ${value.length}`;
  const type = typeof value[0];
  const uniform = value.every((element) => typeof element === type) && (type === 'string' || type === 'number');
  return value.length === 0 || uniform ? undefined : 'expected a list of strings or of numbers, found other elements';
}
