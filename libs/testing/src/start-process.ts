import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/** One line that a process wrote: a line of a log, or plain text as a message. */
export interface LogLine {
  readonly msg: string;
  readonly [field: string]: unknown;
}

/** How a process ended: by a code of its own, or by a signal. */
export interface ProcessEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A process under test. */
export interface TestProcess {
  readonly name: string;
  /** Every line so far, of standard output and standard error. */
  readonly lines: readonly LogLine[];
  /** Resolves when the process has ended and all its lines were read. */
  readonly ended: Promise<ProcessEnd>;
  /**
   * The first line that matches, among those so far or to come.
   * @throws WaitTimeoutError; ProcessEndedError when the process ends without it. Both show the last lines.
   */
  waitForLine(matches: (line: LogLine) => boolean, wait: Wait): Promise<LogLine>;
  /** How the process ended, once it has. @throws WaitTimeoutError showing the last lines. */
  waitForEnd(wait: Wait): Promise<ProcessEnd>;
  /** Sends a signal to the process and its children, and waits for its end. Does nothing to a process that has ended. */
  kill(signal: NodeJS.Signals): Promise<ProcessEnd>;
}

/** What is waited for and how long. */
export interface Wait {
  /** For the message of the timeout. */
  readonly what: string;
  readonly timeoutMs: number;
}

/** What {@link startProcess} starts. */
export interface ProcessOptions {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  /** On top of the environment of this process. @default nothing */
  readonly environment?: Readonly<Record<string, string>>;
  readonly workingFolder: string;
}

/** What was waited for did not come in time. */
export class WaitTimeoutError extends Error {
  override readonly name = 'WaitTimeoutError';
  constructor(
    readonly process: string,
    what: string,
    timeoutMs: number,
    lines: readonly LogLine[],
  ) {
    super(`${process}: waited ${timeoutMs} ms for ${what}; last lines:\n${lastOf(lines)}`);
  }
}

/** A process ended without the line that was waited for. */
export class ProcessEndedError extends Error {
  override readonly name = 'ProcessEndedError';
  constructor(
    readonly process: string,
    what: string,
    { code, signal }: ProcessEnd,
    lines: readonly LogLine[],
  ) {
    super(`${process}: ended by ${signal ?? `code ${code}`} before ${what}; last lines:\n${lastOf(lines)}`);
  }
}

/**
 * Starts a process in a group of its own, and reads what it writes.
 *
 * @example
 * const app = startProcess({ name: 'trainer', command: process.execPath, args: ['main.js'], workingFolder: root });
 * await app.waitForLine(({ msg }) => msg === 'model.published', { what: 'a version', timeoutMs: 30_000 });
 * await app.kill('SIGTERM'); // { code: 0, signal: null }
 */
export function startProcess(options: ProcessOptions): TestProcess {
  const { name, command, args, environment = {}, workingFolder } = options;
  const child = spawn(command, args, {
    cwd: workingFolder,
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const lines: LogLine[] = [];
  const listeners = new Set<() => void>();
  const add = (text: string): void => {
    lines.push(parseLine(text));
    for (const listener of listeners) listener();
  };
  let end: ProcessEnd | undefined;
  const ended = new Promise<ProcessEnd>((resolve) => {
    child.once('error', (error) => add(error.message));
    child.once('close', (code, signal) => {
      end = { code, signal };
      for (const listener of listeners) listener();
      resolve(end);
    });
  });
  for (const stream of [child.stdout, child.stderr]) createInterface({ input: stream }).on('line', add);

  /** Looks again whenever something has happened. */
  const waitUntil = <T>(look: () => T | Error | undefined, { what, timeoutMs }: Wait): Promise<T> =>
    new Promise((resolve, reject) => {
      const stop = (): void => {
        listeners.delete(listener);
        clearTimeout(timer);
      };
      const listener = (): void => {
        const found = look();
        if (found === undefined) return;
        stop();
        if (found instanceof Error) reject(found);
        else resolve(found);
      };
      const timer = setTimeout(() => {
        stop();
        reject(new WaitTimeoutError(name, what, timeoutMs, lines));
      }, timeoutMs);
      listeners.add(listener);
      listener();
    });

  return {
    name,
    lines,
    ended,
    waitForLine: (matches, wait) => {
      let looked = 0;
      return waitUntil<LogLine>(() => {
        for (; looked < lines.length; looked++) if (matches(lines[looked])) return lines[looked];
        return end && new ProcessEndedError(name, wait.what, end, lines);
      }, wait);
    },
    waitForEnd: (wait) => waitUntil(() => end, wait),
    kill: (signal) => {
      signalGroup(child.pid, signal);
      return ended;
    },
  };
}

/** A process group is gone when its last member is: children of the process count. */
function signalGroup(pid: number | undefined, signal: NodeJS.Signals): void {
  if (pid === undefined) return; // it could not be started
  try {
    process.kill(-pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

function parseLine(text: string): LogLine {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && 'msg' in value && typeof value.msg === 'string') {
      return value as LogLine;
    }
  } catch {
    // plain text
  }
  return { msg: text };
}

function lastOf(lines: readonly LogLine[]): string {
  return lines
    .slice(-10)
    .map((line) => `  ${JSON.stringify(line)}`)
    .join('\n');
}
