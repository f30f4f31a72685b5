import type { Schemas } from '@qdrant/js-client-rest';

import type { Attributes, AttributeValue, IndexPoint } from '../item-index';
import { pointIdOf } from './point-id';

/** What stands beside the vector of a point. */
interface Payload {
  readonly itemId: string;
  readonly attributes: Attributes;
}

/** A point as Qdrant keeps it. */
export function toQdrantPoint({ itemId, vector, attributes }: IndexPoint): Schemas['PointStruct'] {
  const payload: Payload = { itemId, attributes };
  return { id: pointIdOf(itemId), vector: Array.from(vector), payload: { ...payload } };
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
    vector: Float32Array.from(record.vector as number[]),
    attributes: Object.fromEntries(Object.entries(attributes).map(([name, value]) => [name, numbersOf(value)])),
  };
}

/** The client reads large whole numbers as bigint, where the engine of the language can. */
function numbersOf(value: unknown): AttributeValue {
  if (Array.isArray(value)) return value.map(numbersOf) as AttributeValue;
  return typeof value === 'bigint' ? Number(value) : (value as AttributeValue);
}
