import type { Schemas } from '@qdrant/js-client-rest';

import type { Attributes, AttributeValue, IndexPoint } from '../item-index';
import { pointIdOf } from './point-id';

/** What stands beside the vector of a point. */
interface Payload {
  readonly itemId: string;
  readonly attributes: Attributes;
}

/** Names of the two vectors of a point, where its index searches by a prefix first. */
export const [coarseVector, wholeVector] = ['coarse', 'whole'] as const;

/** A point as Qdrant keeps it. @param coarse length of the prefix, where the index has one. */
export function toQdrantPoint({ itemId, vector, attributes }: IndexPoint, coarse?: number): Schemas['PointStruct'] {
  const payload: Payload = { itemId, attributes };
  const whole = Array.from(vector);
  return {
    id: pointIdOf(itemId),
    vector: coarse === undefined ? whole : { [wholeVector]: whole, [coarseVector]: whole.slice(0, coarse) },
    payload: { ...payload },
  };
}

/** Id of the item of a stored point. */
export function itemIdOf({ payload }: Pick<Schemas['Record'], 'payload'>): string {
  return (payload as unknown as Payload).itemId;
}

/** A stored point with vector and payload. */
export function fromQdrantPoint(record: Schemas['Record']): IndexPoint {
  const { attributes } = record.payload as unknown as Payload;
  return {
    itemId: itemIdOf(record),
    vector: Float32Array.from(wholeOf(record.vector)),
    attributes: Object.fromEntries(Object.entries(attributes).map(([name, value]) => [name, numbersOf(value)])),
  };
}

function wholeOf(vector: Schemas['Record']['vector']): readonly number[] {
  return (Array.isArray(vector) ? vector : (vector as Record<string, number[]>)[wholeVector]) as readonly number[];
}

/** The client reads large whole numbers as bigint, where the engine of the language can. */
function numbersOf(value: unknown): AttributeValue {
  if (Array.isArray(value)) return value.map(numbersOf) as AttributeValue;
  return typeof value === 'bigint' ? Number(value) : (value as AttributeValue);
}
