import type { Item } from '@gatehouse/domain';

import { embedCatalogue } from './embed-items';
import { availableItems, createModel, dimension, items, useCpu } from './version.fixture';

describe('embedCatalogue', () => {
  useCpu();

  it('gives each available item its vector and declared attributes, in the order given', () => {
    const model = createModel(1);
    const points = [...embedCatalogue(model, items)].flat();
    expect(points.map(({ itemId }) => itemId)).toEqual(availableItems.map(({ itemId }) => itemId));
    for (const [i, { vector }] of points.entries()) expect(vector).toEqual(model.candidate.embed([availableItems[i]]));
    expect(points[0].attributes).toEqual({ genre: 'a' }); // no year, and tags are not declared
    expect(points[1].attributes).toEqual({ genre: 'b', year: 1991 });
  });

  it('embeds a large catalogue in chunks and leaves no item out', () => {
    const model = createModel(1);
    const many: Item[] = Array.from({ length: 2001 }, (_, i) => ({
      ...items[i % 40],
      itemId: `n${i}`,
      available: true,
    }));
    const chunks = [...embedCatalogue(model, many)];
    expect(chunks.map(({ length }) => length)).toEqual([1000, 1000, 1]);
    expect(chunks.flat().map(({ itemId }) => itemId)).toEqual(many.map(({ itemId }) => itemId));
    for (const { vector } of chunks.flat()) expect(vector).toHaveLength(dimension);
  });

  it('gives nothing for a catalogue without available items', () => {
    expect([...embedCatalogue(createModel(1), [])]).toEqual([]);
  });
});
