import type { ItemId } from '@gatehouse/domain';
import type { ItemCatalogue } from '@gatehouse/events';

/** What to call an item when people read it. */
export type TitleOf = (itemId: ItemId) => string;

/** Reads the feature `title` of every item of the catalogue; an item without one has no other name than its id. */
export async function readTitles(catalogue: ItemCatalogue): Promise<TitleOf> {
  const { values } = await catalogue.snapshot();
  const titles = new Map<ItemId, string>();
  for (const { itemId, features } of values) {
    if (typeof features['title'] === 'string') titles.set(itemId, features['title']);
  }
  return (itemId) => titles.get(itemId) ?? '';
}
