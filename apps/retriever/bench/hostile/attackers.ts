import { type AttackName, attack, attacks } from '../../src/transport/hostile-client.fixture';

interface Order {
  readonly port?: number;
  readonly connections?: number;
}

const addresses = 20;
/** Until one that was closed or refused comes again. */
const againMs = 5_000;
/** In which all begin. */
const rampMs = 5_000;
/** Until the first wave is over. */
const settleMs = 5_000;
/** Between rounds of a flood, of 4 to 48 KB each: as fast as they can, a thousand would measure the attackers' own work. */
const pauseMs = 50;

/** Keeps so many hostile connections as the first message says, and tells how many were begun when asked again. */
export function runAttackers(): void {
  process.once('disconnect', () => process.exit(0));
  const only = process.env['BENCH_ATTACK'] as AttackName | undefined;
  const names = only ? [only] : (Object.keys(attacks) as AttackName[]).filter((name) => name !== 'one call');
  const begun: Record<string, number> = {};
  let bytes = 0;
  const begin = (port: number, i: number): void => {
    const name = names[i % names.length];
    begun[name] = (begun[name] ?? 0) + 1;
    const hostile = attack(port, attacks[name], `127.0.0.${2 + (i % addresses)}`, pauseMs);
    void hostile.closed.then(() => {
      bytes += hostile.taken();
      setTimeout(() => begin(port, i), againMs);
    });
  };
  process.on('message', ({ port, connections = 0 }: Order) => {
    if (port === undefined) {
      process.send?.({ begun, megabytes: Math.round(bytes / 1e6) });
      return;
    }
    for (let i = 0; i < connections; i++) setTimeout(() => begin(port, i), (i * rampMs) / connections);
    setTimeout(() => process.send?.('attacking'), rampMs + settleMs);
  });
}
