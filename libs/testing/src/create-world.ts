import { createRandom, type Impression, type Item, type ItemId, type UserId } from '@gatehouse/domain';

/** Size and seed of a {@link World}. */
export interface WorldOptions {
  readonly seed: number;
  readonly users: number;
  readonly items: number;
  /** Users and items fall into this many groups; users click in their own group alone. */
  readonly groups: number;
  readonly events: number;
  /** Share of events that are `shown` without a click, of any item. In [0, 1]. @default 0 */
  readonly shownShare?: number;
  /** How steep popularity falls with rank. @default 1 */
  readonly zipfExponent?: number;
}

/** Users, items and events whose probabilities are known. */
export interface World {
  readonly users: readonly UserId[];
  /** Each with the feature `group`, such as `g2`. */
  readonly items: readonly Item[];
  /** In the order of their times, one a second. */
  readonly impressions: readonly Impression[];
  /** Group of a user or an item. */
  groupOf(id: string): number;
  /**
   * Probability that a click of the user is on the item: 0 outside the user's group, and within it
   * `rank^-s / (sum over the group of r^-s)`, ranks from 1 by the item's number.
   */
  clickProbability(userId: UserId, itemId: ItemId): number;
}

/** When the first event happens: 2026-01-01. */
const startMs = Date.UTC(2026, 0, 1);

/**
 * Draws a world: users and items on a checkerboard of groups (`u7` and `i7` with 4 groups: group 3), Zipf popularity within a group,
 * each event by a uniformly drawn user. The same options give the same world.
 *
 * @throws RangeError when a group would have no items, or there are no users.
 * @example
 * const world = createWorld({ seed: 7, users: 60, items: 160, groups: 4, events: 1500 });
 * world.clickProbability('u0', 'i0'); // 1 / (1 + 1/2 + ... + 1/40)
 */
export function createWorld(options: WorldOptions): World {
  const { seed, users: userCount, items: itemCount, groups, events, shownShare = 0, zipfExponent = 1 } = options;
  if (userCount < 1) throw new RangeError(`users: expected at least 1, found ${userCount}`);
  if (groups < 1 || itemCount < groups) {
    throw new RangeError(`items: expected at least one for each of ${groups} groups, found ${itemCount}`);
  }
  const random = createRandom('world', seed);
  const users = Array.from({ length: userCount }, (_, n) => `u${n}`);
  const items = Array.from({ length: itemCount }, (_, n) => ({
    itemId: `i${n}`,
    features: { group: `g${n % groups}` },
    available: true,
  }));
  const numberOf = (id: string): number => Number(id.slice(1));
  const groupOf = (id: string): number => numberOf(id) % groups;
  const sizeOf = (group: number): number => Math.ceil((itemCount - group) / groups);
  const probabilities = Array.from({ length: groups }, (_, group) => zipf(sizeOf(group), zipfExponent)); // [groups][rank]

  const drawEvent = (_: unknown, n: number): Impression => {
    const userId = users[random.below(userCount)];
    const isShown = random.next() < shownShare;
    const group = groupOf(userId);
    const item = isShown ? random.below(itemCount) : group + groups * drawRank(probabilities[group], random.next());
    return {
      eventId: `e${n}`,
      userId,
      itemId: `i${item}`,
      eventTimeMs: startMs + n * 1000,
      action: isShown ? 'shown' : 'click',
    };
  };

  return {
    users,
    items,
    impressions: Array.from({ length: events }, drawEvent),
    groupOf,
    clickProbability: (userId, itemId) =>
      groupOf(userId) === groupOf(itemId) ? probabilities[groupOf(itemId)][Math.floor(numberOf(itemId) / groups)] : 0,
  };
}

function zipf(count: number, exponent: number): Float64Array {
  const weights = Float64Array.from({ length: count }, (_, i) => (i + 1) ** -exponent);
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return weights.map((weight) => weight / sum);
}

function drawRank(probabilities: Float64Array, uniform: number): number {
  let below = 0;
  const rank = probabilities.findIndex((probability) => uniform < (below += probability));
  return rank < 0 ? probabilities.length - 1 : rank; // rounding may leave the sum just under 1
}
