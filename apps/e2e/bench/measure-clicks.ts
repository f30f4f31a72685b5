import type { CandidateClient } from '@gatehouse/client';
import { createRandom, type Impression } from '@gatehouse/domain';
import type { ImpressionSink } from '@gatehouse/events';

import type { World } from '@gatehouse/testing';

/** What {@link measureClicks} works with. */
export interface ClickMeasurement {
  readonly world: World;
  readonly sink: ImpressionSink;
  readonly client: CandidateClient;
  readonly clicks: number;
  /** Events that others send meanwhile, so that versions come and go. */
  readonly others: readonly Impression[];
  /** Told of the version of each answer. */
  readonly onVersion: (version: string) => void;
  readonly timeoutMs: number;
}

/** Clicks between two sends of what others do. */
const clicksPerSend = 10;
/** Pause after each click: 20 to 120 ms, so that clicks meet the consumer at any moment of its waiting. */
const pauseMs = { least: 20, spread: 100 };

/**
 * Clicks by random users, one after the other: milliseconds from before each is handed to the log to the first answer whose freshness
 * shows it. The user is asked again as soon as an answer is there.
 */
export async function measureClicks(measurement: ClickMeasurement): Promise<number[]> {
  const { world, sink, client, clicks, others, onVersion, timeoutMs } = measurement;
  const random = createRandom('clicks', 1);
  const perSend = Math.floor((others.length * clicksPerSend) / clicks);
  const ms: number[] = [];
  for (let n = 0; n < clicks; n++) {
    if (n % clicksPerSend === 0) {
      const from = (n / clicksPerSend) * perSend;
      await sink.append(others.slice(from, from + perSend));
    }
    const userId = world.users[random.below(world.users.length)];
    const { itemId } = world.items[random.below(world.items.length)];
    const eventTimeMs = Date.now();
    const began = performance.now();
    const writing = sink.append([{ eventId: `click-${n}`, userId, itemId, eventTimeMs, action: 'click' }]);
    for (;;) {
      const { freshness, modelVersion } = await client.retrieve({ userId, limit: 1, sources: ['two-tower'] });
      onVersion(modelVersion);
      if ((freshness?.userEventTimeMs ?? 0) >= eventTimeMs) break;
      if (performance.now() - began > timeoutMs)
        throw new Error(`click-${n} showed in no answer after ${timeoutMs} ms`);
    }
    ms.push(performance.now() - began);
    await writing;
    await new Promise((resolve) => setTimeout(resolve, pauseMs.least + random.below(pauseMs.spread)));
  }
  return ms;
}
