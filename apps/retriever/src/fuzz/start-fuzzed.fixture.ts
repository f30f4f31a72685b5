import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';

import { build } from 'esbuild';

import type { SelfReport } from './fuzzed-retriever.fixture';

/** A retriever in a process of its own. */
export interface FuzzedRetriever {
  readonly port: number;
  /** What the process says of itself, after a collection of garbage. */
  report(): Promise<SelfReport>;
  /** Ends it. @returns its exit code, or the signal that ended it before. */
  end(): Promise<number | NodeJS.Signals | null>;
}

/** Bundles the process, starts it and waits until it serves. */
export async function startFuzzed(): Promise<FuzzedRetriever> {
  const dist = resolve(__dirname, '../../dist'); // inside the app, so that npm packages are found
  mkdirSync(dist, { recursive: true });
  const folder = mkdtempSync(join(dist, 'fuzzed-'));
  const outfile = join(folder, 'fuzzed-retriever.cjs');
  await build({
    entryPoints: [resolve(__dirname, 'fuzzed-retriever.fixture.ts')],
    bundle: true,
    platform: 'node',
    target: 'node20',
    outfile,
    logLevel: 'warning',
    plugins: [
      {
        name: 'npm-packages-stay-outside',
        setup: ({ onResolve }) =>
          onResolve({ filter: /^[^./]/ }, ({ path, kind }) =>
            kind === 'entry-point' || path.startsWith('@gatehouse/') ? undefined : { path, external: true },
          ),
      },
    ],
  });
  const child = spawn(process.execPath, ['--expose-gc', outfile], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const ended = once(child, 'exit').then(([code, signal]) => {
    rmSync(folder, { recursive: true });
    return (signal ?? code) as number | NodeJS.Signals | null;
  });
  const { port } = await answerOf<{ port: number }>(child);
  return {
    port,
    report: () => {
      const answer = answerOf<SelfReport>(child);
      child.send('report');
      return answer;
    },
    end: () => {
      if (child.connected) child.disconnect();
      return ended;
    },
  };
}

/** The next thing the process says. @throws Error when it ends first. */
async function answerOf<T>(child: ChildProcess): Promise<T> {
  const answered = new AbortController();
  const { signal } = answered;
  try {
    return await Promise.race([
      once(child, 'message', { signal }).then(([message]) => message as T),
      once(child, 'exit', { signal }).then(([code, by]) => {
        throw new Error(`the retriever ended: ${String(by ?? code)}`);
      }),
    ]);
  } finally {
    answered.abort();
  }
}
