import { createMemoryItemCatalogue, createMemoryLog } from '@gatehouse/events/memory';

import { checkEmpty, NotEmptyError } from './check-empty';

const event = { eventId: 'e', userId: 'u', itemId: 'i', eventTimeMs: 1, action: 'click' };
const item = { itemId: 'i', features: {}, available: true };

describe('checkEmpty', () => {
  it('finds nothing in a new log', async () => {
    expect(await checkEmpty(createMemoryLog().source, createMemoryItemCatalogue(), 'var/log')).toBe(0);
  });

  it('refuses a log with an event', async () => {
    const log = createMemoryLog();
    await log.sink.append([event]);
    await expect(checkEmpty(log.source, createMemoryItemCatalogue(), 'var/log')).rejects.toThrow(
      new NotEmptyError('var/log'),
    );
  });

  it('refuses a catalogue with an item', async () => {
    const catalogue = createMemoryItemCatalogue();
    await catalogue.put([item]);
    await expect(checkEmpty(createMemoryLog().source, catalogue, 'var/log')).rejects.toThrow(NotEmptyError);
  });
});
