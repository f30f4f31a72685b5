import type { ItemId, UserId } from '@gatehouse/domain';
import { type ImpressionSource, readBacklog } from '@gatehouse/events';

/** The last few items of a user in the log, newest first. */
export async function recentItems(source: ImpressionSource, userId: UserId, count = 5): Promise<ItemId[]> {
  const items: ItemId[] = [];
  for await (const impression of readBacklog(source)) if (impression.userId === userId) items.push(impression.itemId);
  return items.slice(-count).reverse();
}
