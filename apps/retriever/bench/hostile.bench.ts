import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';

import { describeMachine, machineLine, markdownTable, writeResult, writeSection } from '@gatehouse/testing';

import { runAttackers } from './hostile/attackers';
import { type Load, runLoad } from './hostile/load';
import { runServer } from './hostile/server';

/*
 * What 1,000 hostile connections cost those who behave: p99 of calls at a fixed rate, with and without, in turn, with server, callers and
 * attackers in processes of their own. Writes docs/benchmarks.md and reports/bench-hostile.json. `-- --quick`: one short pair, and no page.
 */
const isQuick = process.argv.includes('--quick');
const pairs = isQuick ? 1 : 5;
const hostile = 1000;
const load: Omit<Load, 'port'> = { callsPerSecond: 50, forMs: isQuick ? 3_000 : 20_000 };

const roles = { server: runServer, load: runLoad, attackers: runAttackers } as const;

interface Helper {
  /** Sends a message, and gives back the answer to it. */
  ask<T>(message: unknown): Promise<T>;
  stop(): Promise<void>;
}

function startHelper(role: keyof typeof roles): Helper {
  const child: ChildProcess = fork(process.argv[1], [`--role=${role}`], { execArgv: ['--enable-source-maps'] });
  const ended = once(child, 'exit');
  return {
    ask: async <T>(message: unknown) => {
      child.send(message as object);
      const [answer] = (await Promise.race([
        once(child, 'message'),
        ended.then(() => Promise.reject(new Error(`${role} ended early`))),
      ])) as [T];
      return answer;
    },
    stop: async () => {
      child.disconnect();
      await ended;
    },
  };
}

type Facts = NodeJS.CpuUsage & { readonly closed: Readonly<Record<string, number>> };

interface Half {
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly failed: number;
  readonly serverCpuSeconds: number;
  readonly closed: Facts['closed'];
}

async function main(): Promise<void> {
  const measured: { without: Half; with: Half; reached: unknown }[] = [];
  for (let pair = 0; pair < pairs; pair++) {
    const half = async (attacked: boolean): Promise<{ half: Half; reached?: unknown }> => {
      const server = startHelper('server');
      const callers = startHelper('load');
      const attackers = attacked ? startHelper('attackers') : undefined;
      const port = await server.ask<number>({});
      await callers.ask({ ...load, port, forMs: 1_000 }); // everybody connects, and code becomes fast
      if (attackers) await attackers.ask({ port, connections: hostile });
      const before = await server.ask<Facts>('facts');
      const found = await callers.ask<Omit<Half, 'serverCpuSeconds' | 'closed'>>({ ...load, port });
      const after = await server.ask<Facts>('facts');
      const serverCpuSeconds = (after.user + after.system - before.user - before.system) / 1e6;
      const reached = await attackers?.ask({});
      await attackers?.stop();
      await callers.stop();
      await server.stop();
      return { half: { ...found, serverCpuSeconds, closed: after.closed }, reached };
    };
    // In turn, so that what else the machine does hits both.
    const order = pair % 2 === 0 ? [false, true] : [true, false];
    const halves = [await half(order[0]), await half(order[1])];
    const [without, attacked] = order[0] ? [halves[1], halves[0]] : halves;
    measured.push({ without: without.half, with: attacked.half, reached: attacked.reached });
    console.log(JSON.stringify(measured.at(-1)));
  }
  const ratios = measured.map(({ without, with: attacked }) => attacked.p99Ms / without.p99Ms);
  const median = [...ratios].sort((a, b) => a - b)[ratios.length >> 1];
  const report = { machine: describeMachine(), hostile, ...load, measured, ratios, median };
  console.log(`median ratio ${median.toFixed(3)}`);
  writeResult('reports/bench-hostile.json', `${JSON.stringify(report, undefined, 2)}\n`);
  if (isQuick) return;
  const ms = (value: number): string => value.toFixed(2);
  writeSection(
    'docs/benchmarks.md',
    'hostile',
    `${machineLine(describeMachine())}

${load.callsPerSecond} calls a second for ${load.forMs / 1000} s, each an exact search over 2,000 items of 64 dimensions, alone and while ${hostile.toLocaleString('en')}
hostile connections from 20 addresses run: equally many of each attack, each begun anew five seconds after it was closed or refused.
Server, callers and attackers are processes of their own on the same machine. Milliseconds, and
cores that the server used; the median ratio of p99 is ${median.toFixed(2)}.

${markdownTable(
  [
    'pair',
    'p50 alone',
    'p50 attacked',
    'p99 alone',
    'p99 attacked',
    'ratio of p99',
    'failed calls',
    'CPU alone',
    'CPU attacked',
  ],
  measured.map(({ without, with: attacked }, i) => [
    String(i + 1),
    ms(without.p50Ms),
    ms(attacked.p50Ms),
    ms(without.p99Ms),
    ms(attacked.p99Ms),
    ratios[i].toFixed(2),
    String(without.failed + attacked.failed),
    (without.serverCpuSeconds / (load.forMs / 1000)).toFixed(2),
    (attacked.serverCpuSeconds / (load.forMs / 1000)).toFixed(2),
  ]),
)}`,
  );
}

const role = process.argv.find((argument) => argument.startsWith('--role='))?.slice('--role='.length);
if (role === undefined) void main();
else roles[role as keyof typeof roles]();
