import { createSeenPositions } from './seen-positions';
import { createTrainerCatalogue } from './trainer-catalogue';

const item = (itemId: string) => ({ itemId, features: {}, available: true });

function createSeen(...itemIds: string[]) {
  const catalogue = createTrainerCatalogue();
  catalogue.load(itemIds.map(item), 0);
  return { catalogue, seen: createSeenPositions(catalogue) };
}

describe('createSeenPositions', () => {
  it('gives the positions of each user, each once', () => {
    const { seen } = createSeen('a', 'b', 'c');
    for (const itemId of ['c', 'a', 'c']) seen.add('u', itemId);
    expect(seen.of('u')).toEqual([2, 0]);
    expect(seen.of('v')).toEqual([]);
  });

  it('follows items to their new positions', () => {
    const { catalogue, seen } = createSeen('a', 'b', 'c');
    seen.add('u', 'a');
    seen.add('u', 'c');
    catalogue.apply([{ key: 'a', value: null, offset: 0 }]); // c moves to position 0
    expect(seen.of('u')).toEqual([0]);
    catalogue.apply([{ key: 'a', value: item('a'), offset: 1 }]); // a comes back at position 2
    expect(seen.of('u')).toEqual([2, 0]);
  });

  it('counts an item once that was met twice before the catalogue knew it', () => {
    const { catalogue, seen } = createSeen('a');
    seen.add('u', 'late');
    seen.add('u', 'late');
    catalogue.apply([{ key: 'late', value: item('late'), offset: 0 }]);
    expect(seen.of('u')).toEqual([1]);
    seen.add('u', 'late');
    expect(seen.of('u')).toEqual([1]);
  });

  it('remembers, across a restore, what the catalogue does not know', () => {
    const { catalogue, seen } = createSeen('a', 'b');
    seen.add('u', 'b');
    seen.add('u', 'late');
    const restored = createSeenPositions(catalogue);
    restored.restore(seen.snapshot());
    expect(restored.snapshot()).toEqual(seen.snapshot());
    catalogue.apply([{ key: 'late', value: item('late'), offset: 0 }]);
    expect(restored.of('u')).toEqual([1, 2]);
  });
});
