import { createWorld } from './create-world';

const options = { seed: 7, users: 10, items: 8, groups: 2, events: 20_000, shownShare: 0.25 };

describe('createWorld', () => {
  it('draws the same world from the same seed, and another from another', () => {
    expect(createWorld(options).impressions).toEqual(createWorld(options).impressions);
    expect(createWorld({ ...options, seed: 8 }).impressions).not.toEqual(createWorld(options).impressions);
  });

  it('knows the probability of each click', () => {
    const world = createWorld(options);

    // Group 0 has the items 0, 2, 4, 6 with weights 1, 1/2, 1/3, 1/4, in sum 25/12.
    expect(world.clickProbability('u4', 'i0')).toBeCloseTo(12 / 25, 12);
    expect(world.clickProbability('u4', 'i6')).toBeCloseTo(3 / 25, 12);
    expect(world.clickProbability('u4', 'i1')).toBe(0);
    for (const userId of world.users) {
      const sum = world.items.reduce((total, { itemId }) => total + world.clickProbability(userId, itemId), 0);
      expect(sum).toBeCloseTo(1, 12);
    }
  });

  it('clicks by those probabilities', () => {
    const world = createWorld(options);
    const clicks = world.impressions.filter(({ action }) => action === 'click');

    // Half of the users are in group 0. Four standard errors of a share over 15000 clicks are at most 0.0163.
    for (const { itemId } of world.items) {
      const share = clicks.filter((click) => click.itemId === itemId).length / clicks.length;
      const expected = (world.clickProbability('u0', itemId) + world.clickProbability('u1', itemId)) / 2;
      expect(Math.abs(share - expected)).toBeLessThan(0.0163);
    }
  });

  it('keeps clicks in the group of their user, and shows whatever there is', () => {
    const world = createWorld(options);
    const isOwn = ({ userId, itemId }: { userId: string; itemId: string }) =>
      world.groupOf(userId) === world.groupOf(itemId);
    const [clicks, shown] = ['click', 'shown'].map((name) => world.impressions.filter(({ action }) => action === name));

    expect(clicks.every(isOwn)).toBe(true);
    // A quarter of 20000, and half of those in the own group; four standard errors are 245 and 0.0283.
    expect(Math.abs(shown.length - 5000)).toBeLessThan(245);
    expect(Math.abs(shown.filter(isOwn).length / shown.length - 0.5)).toBeLessThan(0.0283);
  });

  it('orders events by time, under ids of their own', () => {
    const { impressions } = createWorld(options);

    expect(new Set(impressions.map(({ eventId }) => eventId)).size).toBe(impressions.length);
    expect(impressions.every((event, n) => n === 0 || event.eventTimeMs > impressions[n - 1].eventTimeMs)).toBe(true);
  });

  it('refuses a world without users, or with an empty group', () => {
    expect(() => createWorld({ ...options, users: 0 })).toThrow('users: expected at least 1, found 0');
    expect(() => createWorld({ ...options, items: 1 })).toThrow('items: expected at least one for each of 2 groups');
  });
});
