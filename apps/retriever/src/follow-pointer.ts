import type { ModelReader, Pointer } from '@gatehouse/artifacts';
import { type Clock, type Delay, describeError, type Logger } from '@gatehouse/runtime';

import type { ServingPair } from './serving-pair';

/** Collaborators of {@link followPointer}. */
export interface PointerFollowing {
  readonly models: Pick<ModelReader, 'pointer'>;
  /** Makes a pair; rejects when the version must not serve. */
  readonly adopt: (pointer: Pointer) => Promise<ServingPair>;
  /** Takes the pair into service. A rejection ends the following. */
  readonly serve: (pair: ServingPair) => Promise<void>;
  readonly pollMs: number;
  readonly clock: Clock;
  readonly delay: Delay;
  readonly logger: Logger;
}

/** Pauses before a refused version is tried again: the first, which doubles, and the longest. */
const firstRetryMs = 1000;
const maxRetryMs = 60_000;

interface Refusal {
  readonly pointer: Pointer;
  readonly pauseMs: number;
  readonly retryAtMs: number;
}

/**
 * Adopts what the `servable` pointer names, each time it changes, until `signal` aborts. The old pair serves meanwhile, and goes on
 * when the new one is refused. A refused version is tried again now and then, because the cause may have been the machine.
 */
export async function followPointer(following: PointerFollowing, signal: AbortSignal): Promise<void> {
  const { adopt, serve, pollMs, clock, delay, logger } = following;
  let served: Pointer | undefined;
  let refusal: Refusal | undefined;
  while (!signal.aborted) {
    const pointer = await readPointer(following);
    if (pointer && !isSame(pointer, served) && !isTooEarly(pointer)) {
      const pair = await adopt(pointer).catch((error: unknown) => refuse(pointer, error));
      if (pair) {
        await serve(pair);
        served = pointer;
        logger.info('version.adopted', { modelVersion: pair.version, indexVersion: pair.index.indexId });
      }
    }
    await delay(pollMs, signal).catch(() => undefined); // only an abort ends it early
  }

  function isTooEarly(pointer: Pointer): boolean {
    return refusal !== undefined && isSame(pointer, refusal.pointer) && clock.monotonicMs() < refusal.retryAtMs;
  }

  function refuse(pointer: Pointer, error: unknown): undefined {
    const before = refusal && isSame(pointer, refusal.pointer) ? refusal.pauseMs : firstRetryMs / 2;
    const pauseMs = Math.min(2 * before, maxRetryMs);
    refusal = { pointer, pauseMs, retryAtMs: clock.monotonicMs() + pauseMs };
    const reason = describeError(error);
    logger.error('version.refused', { modelVersion: pointer.version, indexVersion: pointer.indexId, reason });
  }
}

async function readPointer({ models, logger }: PointerFollowing): Promise<Pointer | undefined> {
  try {
    return await models.pointer('servable');
  } catch (error) {
    logger.warn('pointer.unreadable', { reason: describeError(error) });
    return undefined;
  }
}

function isSame(a: Pointer, b: Pointer | undefined): boolean {
  return a.version === b?.version && a.indexId === b.indexId;
}
