import { type ChildProcess, spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { createInterface } from 'node:readline';

/** One line of an app's log. */
export interface LogLine {
  readonly msg: string;
  readonly [field: string]: unknown;
}

/** One of the apps, running as a process of its own. */
export interface AppProcess {
  readonly name: string;
  /** Settles when the process has ended; never rejects. */
  readonly ended: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>;
  /** Asks the process to end (SIGTERM), kills it when it does not, and waits. */
  stop(timeoutMs: number): Promise<void>;
}

/** How to start an app. */
export interface AppProcessOptions {
  readonly name: string;
  /** The built `main.js`. */
  readonly entry: string;
  readonly args?: readonly string[];
  /** Settings on top of the environment. */
  readonly environment: Readonly<Record<string, string>>;
  readonly workingFolder: string;
  /** Everything that the app prints goes here. */
  readonly logFile: string;
  readonly onLine: (line: LogLine) => void;
}

/** Starts an app in its own process group, so that Ctrl-C reaches it only through {@link AppProcess.stop}, in order. */
export function startApp({
  name,
  entry,
  args = [],
  environment,
  workingFolder,
  logFile,
  onLine,
}: AppProcessOptions): AppProcess {
  const child: ChildProcess = spawn(process.execPath, ['--enable-source-maps', entry, ...args], {
    cwd: workingFolder,
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const log = createWriteStream(logFile, { flags: 'a' });
  for (const stream of [child.stdout, child.stderr]) {
    if (!stream) continue;
    stream.pipe(log, { end: false });
    createInterface({ input: stream }).on('line', (text) => onLine(parseLine(text)));
  }
  const ended = new Promise<Awaited<AppProcess['ended']>>((resolve) => {
    child.once('error', (error) => {
      onLine({ msg: error.message, level: 'error' });
      resolve({ code: 1, signal: null });
    });
    child.once('close', (code, signal) => {
      log.end();
      resolve({ code, signal });
    });
  });
  return {
    name,
    ended,
    stop: async (timeoutMs) => {
      child.kill('SIGTERM');
      const killer = setTimeout(() => child.kill('SIGKILL'), timeoutMs);
      await ended;
      clearTimeout(killer);
    },
  };
}

/** A log line is JSON with a message; anything else, such as a stack trace, is a message itself. */
function parseLine(text: string): LogLine {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && 'msg' in value && typeof value.msg === 'string')
      return value as LogLine;
  } catch {
    // not JSON: fall through
  }
  return { msg: text, level: 'error' };
}
