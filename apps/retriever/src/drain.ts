import { type Delay, waitFor } from '@gatehouse/runtime';

import type { Calls } from './calls';
import type { CandidateServer } from './server';

/** How long the steps of {@link drain} may take; together they stay well below the 15 s until the process is killed. */
export interface DrainTimes {
  /** Between saying NOT_SERVING and refusing connections, so that load balancers look elsewhere first. */
  readonly noticeMs: number;
  /** For the calls in flight to end. */
  readonly timeoutMs: number;
}

/** For connections that stay open without a call, such as those that watch the health. */
const lingerMs = 500;

/**
 * Ends a server without failing a call: says NOT_SERVING, and after a while accepts nothing new and sends GOAWAY, lets the calls in
 * flight end, and closes what is left.
 */
export async function drain(
  server: CandidateServer,
  calls: Pick<Calls, 'inFlight'>,
  { noticeMs, timeoutMs }: DrainTimes,
  delay: Delay,
): Promise<void> {
  server.setServing(false);
  await delay(noticeMs);
  const stop = new AbortController();
  const finished = server.finish().finally(() => stop.abort());
  const idle = waitFor(() => calls.inFlight === 0, {
    what: 'calls in flight',
    timeoutMs,
    everyMs: 5,
    signal: stop.signal,
    delay,
  });
  await Promise.race([finished, idle.then(() => delay(lingerMs, stop.signal))]).catch(() => undefined);
  server.cut();
}
