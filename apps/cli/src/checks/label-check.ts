import type { Impression } from '@gatehouse/domain';

import { examplesShown, type Finding } from './finding';

/** Users that are remembered; those after them are left out, and said to be. */
const maxUsers = 100_000;

interface Recent {
  readonly events: { readonly itemId: string; readonly eventTimeMs: number; readonly action: string }[];
  lastMs: number;
}

/**
 * Looks for positives whose history holds their own label, as the events would be learned: in the order of the file, with the last
 * `historyLimit` positives of the user. Three cases, each by itself: the same event twice, an item that the user comes back to, and events
 * that stand before earlier ones. Memory: the histories of the first 100,000 users.
 */
export function createLabelCheck(
  historyLimit: number,
  limit = maxUsers,
): { add(impression: Impression, line: number): void; findings(): Finding[] } {
  const users = new Map<string, Recent>();
  const cases = { duplicate: newCase(), repeated: newCase(), unordered: newCase() };
  let [positives, leftOut] = [0, 0];

  return {
    add: ({ userId, itemId, eventTimeMs, action }, line) => {
      positives++;
      let recent = users.get(userId);
      if (!recent) {
        if (users.size >= limit) {
          leftOut++;
          return;
        }
        users.set(userId, (recent = { events: [], lastMs: -Infinity }));
      }
      const same = recent.events.filter((event) => event.itemId === itemId);
      if (same.some((event) => event.eventTimeMs === eventTimeMs && event.action === action)) cases.duplicate.add(line);
      else if (same.length > 0) cases.repeated.add(line);
      if (eventTimeMs < recent.lastMs) cases.unordered.add(line);
      recent.lastMs = Math.max(recent.lastMs, eventTimeMs);
      recent.events.push({ itemId, eventTimeMs, action });
      if (recent.events.length > historyLimit) recent.events.shift();
    },
    findings: () => {
      const share = (count: number): string => `${((100 * count) / positives).toFixed(1)} %`;
      const { duplicate, repeated, unordered } = cases;
      const findings = [
        {
          kind: 'duplicate-events',
          ...duplicate,
          text: `events that are there twice (${share(duplicate.count)}): each is learned twice, the second time with its own label in the history`,
        },
        {
          kind: 'label-in-history',
          ...repeated,
          text: `events whose item is in the user's history (${share(repeated.count)}): where users come back to items that is right, elsewhere the answer leaks into the question`,
        },
        {
          kind: 'events-out-of-order',
          ...unordered,
          text: `events before an earlier line of the same user (${share(unordered.count)}): histories then hold what comes later; sort the file by time`,
        },
        {
          kind: 'unchecked-users',
          count: leftOut,
          text: `events of users after the first ${limit}, whose histories were not checked`,
          examples: [],
        },
      ];
      return findings
        .filter(({ count }) => count > 0)
        .map(({ kind, count, text, examples }) => ({ kind, count, text, examples }));
    },
  };
}

function newCase() {
  const examples: string[] = [];
  return {
    count: 0,
    examples,
    add(line: number) {
      if (this.count++ < examplesShown) examples.push(`line ${line}`);
    },
  };
}
