import { hashIds, type ItemId } from '@gatehouse/domain';

/**
 * Up to `limit` ids, those whose hashes are smallest: the same ones for the same set of ids in any order, and as good as drawn at random.
 *
 * @example sampleIds(['a', 'b', 'c'], 2); // the same two as for ['c', 'b', 'a']
 */
export function sampleIds(ids: readonly ItemId[], limit: number): ItemId[] {
  const keys = hashIds(ids);
  const order = Uint32Array.from(ids.keys()).sort((a, b) => keys[2 * a] - keys[2 * b] || (ids[a] < ids[b] ? -1 : 1));
  return Array.from(order.subarray(0, Math.max(0, limit)), (at) => ids[at]);
}
