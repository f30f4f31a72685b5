import type { IndexPoint } from '../item-index';

/** Most points of one request. */
const maxPoints = 1000;
/** Most bytes of one request, far below the 32 MB that the server takes. */
const maxBytes = 8_000_000;
/** JSON of one number of a vector, at most: sign, 17 digits, point, exponent, comma. */
const bytesPerNumber = 24;

/** Cuts points into requests, by count and by their size as JSON, never above the true one. An id that comes twice is there once, the last time. */
export function* writeBatches(points: readonly IndexPoint[]): Generator<IndexPoint[]> {
  const newest = new Map(points.map((point) => [point.itemId, point]));
  let batch: IndexPoint[] = [];
  let bytes = 0;
  for (const point of newest.values()) {
    const size = bytesPerNumber * point.vector.length + Buffer.byteLength(JSON.stringify(point.attributes)) + 512;
    if (batch.length === maxPoints || (batch.length > 0 && bytes + size > maxBytes)) {
      yield batch;
      [batch, bytes] = [[], 0];
    }
    batch.push(point);
    bytes += size;
  }
  if (batch.length > 0) yield batch;
}
