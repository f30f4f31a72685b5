import type { Context, Impression } from '@gatehouse/domain';
import { createEventWindow, type EventWindow } from '@gatehouse/events';
import type { Hit } from '@gatehouse/item-index';
import type { Clock } from '@gatehouse/runtime';

import type { CandidateSource } from './candidate-source';
import { DecayedCounts } from './decayed-counts';
import { pickServable } from './pick-servable';
import { remembered } from './remembered';
import type { SourceSettings } from './source-settings';

/** What is popular lately, from the stream. */
export interface Trending {
  /** Counts impressions, each once however often it comes within the last 60,000. */
  apply(impressions: readonly Impression[], weightOf: (action: string) => number): void;
  /** Forgets everything. */
  clear(): void;
  /** Counters kept now. */
  readonly size: number;
  readonly source: CandidateSource;
}

/** A ranking is made again only after this long: that takes milliseconds, and an event changes little. */
const refreshMs = 1000;
/** Event ids remembered, at 24 bytes. */
const rememberedEvents = 65_536;

interface Ranked {
  readonly counts: DecayedCounts;
  hits: Iterable<Hit>;
  madeAtMs: number;
}

/**
 * Creates an empty count.
 *
 * Counts are as of the newest event time, so a stream that is replayed gives the same as one that is live. An event from the future counts
 * as of now: one wrong clock must not make everything else old.
 *
 * Memory: at most `items + segments * segmentItems` counters. When a segment too many appears, the one with the least count goes.
 */
export function createTrending(settings: SourceSettings['trending'], clock: Clock): Trending {
  const { halfLifeMs, segmentBy, items, segments: maxSegments, segmentItems, segmentMin } = settings;
  const list = (capacity: number): Ranked => ({
    counts: new DecayedCounts(halfLifeMs, capacity),
    hits: [],
    madeAtMs: -Infinity,
  });
  let all: Ranked;
  let segments: Map<string, Ranked>;
  let events: EventWindow;
  let newestMs: number;
  const clear = (): void => {
    all = list(items);
    segments = new Map();
    events = createEventWindow('trending', rememberedEvents);
    newestMs = -Infinity;
  };
  clear();

  /** One segment for each combination of values; undefined where one is missing. Types are told apart. */
  const segmentOf = (context: Context): string | undefined => {
    if (segmentBy.length === 0) return undefined;
    const values = segmentBy.map((field) => (Object.hasOwn(context, field) ? context[field] : undefined));
    return values.includes(undefined) ? undefined : JSON.stringify(values);
  };

  const openSegment = (name: string): Ranked => {
    const before = segments.get(name);
    if (before) return before;
    if (segments.size >= maxSegments) {
      let [leastName, least] = ['', Infinity];
      for (const [each, { counts }] of segments) {
        const total = counts.total(newestMs);
        if (total < least) [leastName, least] = [each, total];
      }
      segments.delete(leastName);
    }
    const opened = list(segmentItems);
    segments.set(name, opened);
    return opened;
  };

  const rankingOf = (ranked: Ranked): Iterable<Hit> => {
    const nowMs = clock.monotonicMs();
    if (nowMs - ranked.madeAtMs >= refreshMs) {
      ranked.hits = remembered(ranked.counts.ranking(newestMs));
      ranked.madeAtMs = nowMs;
    }
    return ranked.hits;
  };

  return {
    apply: (impressions, weightOf) => {
      const nowMs = clock.nowMs();
      for (const { eventId, itemId, action, eventTimeMs, context } of impressions) {
        const weight = weightOf(action);
        if (weight <= 0 || events.has(eventId)) continue;
        events.add(eventId);
        const timeMs = Math.min(eventTimeMs, nowMs);
        newestMs = Math.max(newestMs, timeMs);
        all.counts.add(itemId, weight, timeMs);
        const segment = segmentOf(context ?? {});
        if (segment !== undefined) openSegment(segment).counts.add(itemId, weight, timeMs);
      }
    },
    clear,
    get size() {
      let size = all.counts.size;
      for (const { counts } of segments.values()) size += counts.size;
      return size;
    },
    source: async (request) => {
      const name = segmentOf(request.context);
      const segment = name === undefined ? undefined : segments.get(name);
      const ranking = rankingOf(segment && segment.counts.size >= segmentMin ? segment : all);
      return pickServable(request, ranking);
    },
  };
}
