import { createRandom, hashIds, type Item } from '@gatehouse/domain';
import type { Change } from '@gatehouse/events';

import { createTrainerCatalogue, type TrainerCatalogue } from './trainer-catalogue';

const item = (itemId: string, genre: string, available = true): Item => ({ itemId, features: { genre }, available });

/** Everything that must hold of a catalogue whose newest values are `model`. */
function expectSame(catalogue: TrainerCatalogue, model: ReadonlyMap<string, Item>): void {
  const available = [...model.values()].filter((each) => each.available).map(({ itemId }) => itemId);
  const ids = catalogue.items.map(({ itemId }) => itemId);
  expect([...ids].sort()).toEqual(available.sort());
  expect(ids.map((itemId) => catalogue.positionOf(itemId))).toEqual([...ids.keys()]); // dense, no leftovers
  expect(catalogue.keys).toEqual(hashIds(ids)); // in step with the items
  for (const [itemId, { features, available: here }] of model) {
    expect(catalogue.candidate(itemId)).toEqual({ itemId, features });
    if (!here) expect(catalogue.positionOf(itemId)).toBeUndefined();
  }
}

const kinds = ['put', 'unavailable', 'remove', 'save and restore', 'load'] as const;

describe('createTrainerCatalogue', () => {
  it.each([1, 2, 3, 4, 5, 6, 7, 8])('agrees with a plain map after any changes and restores, seed %d', (seed) => {
    const random = createRandom('changes', seed);
    let catalogue = createTrainerCatalogue();
    const model = new Map<string, Item>();
    for (let offset = 0; offset < 120; offset++) {
      const kind = kinds[random.below(kinds.length)];
      if (kind === 'save and restore') {
        const saved = catalogue.snapshot();
        const [ids, at] = [catalogue.items.map(({ itemId }) => itemId), catalogue.offset];
        catalogue = createTrainerCatalogue();
        catalogue.restore(saved);
        expect(catalogue.items.map(({ itemId }) => itemId)).toEqual(ids); // draws name positions
        expect(catalogue.offset).toBe(at);
      } else if (kind === 'load') {
        catalogue.load([...model.values()], offset);
        expect(catalogue.offset).toBe(offset);
      } else {
        const itemId = `i${random.below(9)}`;
        const value = kind === 'remove' ? null : item(itemId, `g${random.below(3)}`, kind === 'put');
        catalogue.apply([{ key: itemId, value, offset }]);
        if (value) model.set(itemId, value);
        else model.delete(itemId);
        expect(catalogue.offset).toBe(offset + 1);
        expect(catalogue.candidate(itemId)).toEqual({ itemId, features: value?.features ?? {} });
      }
      expectSame(catalogue, model);
    }
  });

  it('grows past any first size', () => {
    const catalogue = createTrainerCatalogue();
    const items = Array.from({ length: 300 }, (_, i) => item(`i${i}`, 'a'));
    catalogue.load(items, 300);
    expectSame(catalogue, new Map(items.map((each) => [each.itemId, each])));
  });

  it('gives an unknown item its bare id', () => {
    const catalogue = createTrainerCatalogue();
    expect(catalogue.candidate('x')).toEqual({ itemId: 'x', features: {} });
  });

  it('tells by its revision that positions may have moved', () => {
    const catalogue = createTrainerCatalogue();
    const revisions = [catalogue.revision];
    const change: Change<Item> = { key: 'i', value: item('i', 'a'), offset: 0 };
    for (const step of [
      () => catalogue.load([item('i', 'a')], 0),
      () => catalogue.apply([change]),
      () => catalogue.restore(catalogue.snapshot()),
    ]) {
      step();
      revisions.push(catalogue.revision);
    }
    expect(new Set(revisions).size).toBe(4);
  });
});
