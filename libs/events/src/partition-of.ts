import { hashIds, type UserId } from '@gatehouse/domain';

/** Partition of a user's events: all of one user's events keep their order. */
export function partitionOf(userId: UserId, partitionCount: number): number {
  return partitionCount === 1 ? 0 : hashIds([userId])[0] % partitionCount;
}
