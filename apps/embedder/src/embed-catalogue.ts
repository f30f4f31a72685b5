import type { Item } from '@gatehouse/domain';
import type { AttributeValue, IndexPoint } from '@gatehouse/item-index';
import type { TwoTowerModel } from '@gatehouse/towers';

/** Items embedded at once: memory stays the same for any catalogue. */
const itemsAtOnce = 1000;

/** Embeds the available items with the candidate tower of a version, in the order given, some at a time. */
export function* embedCatalogue({ candidate, schema }: TwoTowerModel, items: readonly Item[]): Generator<IndexPoint[]> {
  const available = items.filter((item) => item.available);
  for (let from = 0; from < available.length; from += itemsAtOnce) {
    const chunk = available.slice(from, from + itemsAtOnce);
    const vectors = candidate.embed(chunk); // [chunk, dimension]
    const dimension = schema.outputDimension;
    yield chunk.map((item, i) => ({
      itemId: item.itemId,
      vector: vectors.slice(i * dimension, (i + 1) * dimension),
      attributes: attributesOf(item, Object.keys(schema.attributes)),
    }));
  }
}

function attributesOf({ features }: Item, names: readonly string[]): Record<string, AttributeValue> {
  return Object.fromEntries(names.filter((name) => features[name] !== undefined).map((name) => [name, features[name]]));
}
