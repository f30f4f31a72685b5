import { createCandidateClient } from '@gatehouse/client';

/** Calls at a fixed rate, whatever the answers do. */
export interface Load {
  readonly port: number;
  readonly callsPerSecond: number;
  readonly forMs: number;
}

const clients = 4;

/** Calls as each message says, and answers with percentiles. A call's time begins when it was due, not when it was sent. */
export function runLoad(): void {
  process.once('disconnect', () => process.exit(0));
  let stubs: ReturnType<typeof createCandidateClient>[] = [];
  process.on('message', (load: Load) => {
    if (stubs.length === 0) {
      stubs = Array.from({ length: clients }, () =>
        createCandidateClient({ address: `127.0.0.1:${load.port}`, deadlineMs: 5_000 }),
      );
    }
    void measure(load, stubs).then((found) => process.send?.(found));
  });
}

async function measure({ callsPerSecond, forMs }: Load, stubs: ReturnType<typeof createCandidateClient>[]) {
  const count = Math.round((callsPerSecond * forMs) / 1000);
  const beganMs = performance.now();
  const times: number[] = [];
  let failed = 0;
  const calls: Promise<void>[] = [];
  for (let i = 0; i < count; i++) {
    const dueMs = beganMs + (i * 1000) / callsPerSecond;
    const waitMs = dueMs - performance.now();
    if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
    // The timer itself is late by up to a millisecond or so; that is not the server's.
    const sentMs = waitMs > 0 ? performance.now() : dueMs;
    const call = stubs[i % stubs.length].retrieve({ userId: `u${i}`, limit: 100 }).then(
      () => times.push(performance.now() - sentMs),
      () => failed++,
    );
    calls.push(call.then(() => undefined));
  }
  await Promise.all(calls);
  times.sort((a, b) => a - b);
  const at = (share: number): number => times[Math.min(times.length - 1, Math.floor(share * times.length))];
  return { p50Ms: at(0.5), p99Ms: at(0.99), failed };
}
