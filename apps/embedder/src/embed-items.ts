import type { Item } from '@gatehouse/domain';
import type { AttributeValue, IndexPoint } from '@gatehouse/item-index';
import type { TwoTowerModel } from '@gatehouse/towers';

/** Items embedded at once: memory stays the same for any catalogue. */
const itemsAtOnce = 1000;

/** Embeds items with the candidate tower of a version, in the order given, some at a time. */
export function* pointsOf({ candidate, schema }: TwoTowerModel, items: readonly Item[]): Generator<IndexPoint[]> {
  for (let from = 0; from < items.length; from += itemsAtOnce) {
    const chunk = items.slice(from, from + itemsAtOnce);
    const vectors = candidate.embed(chunk); // [chunk, dimension]
    const dimension = schema.outputDimension;
    yield chunk.map((item, i) => ({
      itemId: item.itemId,
      vector: vectors.slice(i * dimension, (i + 1) * dimension),
      attributes: attributesOf(item, Object.keys(schema.attributes)),
    }));
  }
}

/** Embeds the available items of a catalogue; see {@link pointsOf}. */
export function embedCatalogue(model: TwoTowerModel, items: readonly Item[]): Generator<IndexPoint[]> {
  return pointsOf(
    model,
    items.filter((item) => item.available),
  );
}

function attributesOf({ features }: Item, names: readonly string[]): Record<string, AttributeValue> {
  return Object.fromEntries(names.filter((name) => features[name] !== undefined).map((name) => [name, features[name]]));
}
