import { eventOfRow } from './event-row';

const actions = new Set(['rating', 'click']);
const good = { user: '1', item: '50', timestamp: '964982703', action: 'rating' };

function impressionOf(change: Record<string, unknown>) {
  const row = eventOfRow({ ...good, ...change }, actions);
  if ('reason' in row) throw new Error(row.reason);
  return row.impression;
}

describe('eventOfRow', () => {
  it('turns a row into an impression', () => {
    expect(impressionOf({})).toEqual({
      eventId: expect.stringMatching(/^[\w-]{22}$/) as string,
      userId: '1',
      itemId: '50',
      eventTimeMs: 964_982_703_000,
      action: 'rating',
    });
  });

  it.each([
    ['0', 0],
    ['964982703', 964_982_703_000],
    ['964982703.5', 964_982_703_500],
    ['99999999999', 99_999_999_999_000], // the last whole second
    ['100000000000', 100_000_000_000], // from here on milliseconds
    [964_982_703, 964_982_703_000],
    [964_982_703_123, 964_982_703_123],
    ['8640000000000000', 8.64e15],
    ['2000-07-30', 964_915_200_000],
    ['2000-07-30T18:45:03Z', 964_982_703_000],
    ['2000-07-30T18:45:03.123Z', 964_982_703_123],
    ['2000-07-30T20:45:03+02:00', 964_982_703_000],
    ['2000-07-30 18:45:03', 964_982_703_000], // without a zone: UTC, whatever the machine's zone
    ['2000-07-30T18:45', 964_982_700_000],
  ])('reads the time %j', (timestamp, eventTimeMs) => {
    expect(impressionOf({ timestamp }).eventTimeMs).toBe(eventTimeMs);
  });

  it.each<[Record<string, unknown>, string]>([
    [{ user: '' }, 'user: expected 1 to 128 bytes, found 0'],
    [{ user: undefined }, 'user: expected a string, found undefined'],
    [{ user: null }, 'user: expected a string, found undefined'],
    [{ user: 1.5 }, 'user: expected a string, found undefined'],
    [{ user: 'x'.repeat(129) }, 'user: expected 1 to 128 bytes, found 129'],
    [{ item: 'é'.repeat(65) }, 'item: expected 1 to 128 bytes, found 130'],
    [{ item: ['50'] }, 'item: expected a string, found undefined'],
    [{ timestamp: '' }, 'timestamp: expected seconds, milliseconds or ISO 8601, found ""'],
    [{ timestamp: undefined }, 'timestamp: expected seconds, milliseconds or ISO 8601, found nothing'],
    [{ timestamp: null }, 'timestamp: expected seconds, milliseconds or ISO 8601, found null'],
    [{ timestamp: '-1' }, 'timestamp: expected seconds, milliseconds or ISO 8601, found "-1"'],
    [{ timestamp: -1 }, 'timestamp: expected seconds, milliseconds or ISO 8601, found -1'],
    [{ timestamp: '1e9' }, 'timestamp: expected seconds, milliseconds or ISO 8601, found "1e9"'],
    [{ timestamp: '8640000000000001' }, expect.stringContaining('timestamp: expected') as string],
    [{ timestamp: '2000-02-30' }, 'timestamp: expected seconds, milliseconds or ISO 8601, found "2000-02-30"'],
    [{ timestamp: '2000-07-30 (a Sunday)' }, expect.stringContaining('timestamp: expected') as string],
    [{ timestamp: '07/30/2000' }, 'timestamp: expected seconds, milliseconds or ISO 8601, found "07/30/2000"'],
    [{ timestamp: '1969-12-31T23:59:59Z' }, expect.stringContaining('timestamp: expected') as string],
    [{ action: 'like' }, 'action: expected one of rating, click, found "like"'],
    [{ action: undefined }, 'action: expected one of rating, click, found nothing'],
    [{ action: 'constructor' }, 'action: expected one of rating, click, found "constructor"'],
    [{ action: '__proto__' }, 'action: expected one of rating, click, found "__proto__"'],
  ])('refuses %j', (change, reason) => {
    expect(eventOfRow({ ...good, ...change }, actions)).toEqual({ reason });
  });

  it('takes ids of 1 to 128 bytes, whole numbers, and names that every object knows', () => {
    expect(impressionOf({ user: 'x'.repeat(128) }).userId).toHaveLength(128);
    expect(impressionOf({ user: 7, item: 50 })).toEqual(impressionOf({ user: '7' }));
    expect(impressionOf({ user: '__proto__', item: 'constructor' })).toMatchObject({
      userId: '__proto__',
      itemId: 'constructor',
    });
  });

  it('gives the same event the same id, and any other event another', () => {
    const { eventId } = impressionOf({});
    expect(impressionOf({}).eventId).toBe(eventId);
    expect(impressionOf({ timestamp: '2000-07-30T18:45:03Z', rating: '4.5' }).eventId).toBe(eventId);
    const others = [
      { user: '2' },
      { item: '51' },
      { timestamp: '964982704' },
      { action: 'click' },
      { user: '15', item: '0' }, // the same characters, cut elsewhere
    ].map((change) => impressionOf(change).eventId);
    expect(new Set([eventId, ...others]).size).toBe(others.length + 1);
  });
});
