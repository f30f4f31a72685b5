import { type ChildProcess, spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { createInterface } from 'node:readline';

/** One line of an app's log. */
export interface LogLine {
  readonly msg: string;
  readonly [field: string]: unknown;
}

/** How a process ended: by a code of its own, or by a signal. */
export interface AppEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** One of the apps, running as a process of its own. */
export interface AppProcess {
  readonly name: string;
  /** What it printed so far. */
  readonly logFile: string;
  /** Settles when the process has ended; never rejects. */
  readonly ended: Promise<AppEnd>;
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
  const endWithUs = (): void => void child.kill('SIGTERM'); // when this process exits without stop(), as after an error caught nowhere
  process.once('exit', endWithUs);
  const ended = new Promise<AppEnd>((resolve) => {
    child.once('error', (error) => onLine({ msg: error.message, level: 'error' })); // it could not be started; `close` follows
    child.once('close', (code, signal) => {
      process.off('exit', endWithUs);
      log.end();
      resolve({ code, signal });
    });
  });
  return {
    name,
    logFile,
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
