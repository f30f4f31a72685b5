import type { AppEnd, AppProcess, LogLine } from './app-process';

/** An app without a process: a test says what it logs and when it ends. */
export interface FakeApp extends AppProcess {
  log(line: LogLine): void;
  end(how: AppEnd): void;
}

/** Creates an app that ends when it is stopped; `onStop` is told. */
export function createFakeApp(name: string, onLine: (line: LogLine) => void, onStop: () => void): FakeApp {
  let end: (how: AppEnd) => void = () => undefined;
  const ended = new Promise<AppEnd>((resolve) => (end = resolve));
  return {
    name,
    logFile: `${name}.log`,
    ended,
    log: onLine,
    end,
    stop: async () => {
      onStop();
      end({ code: 0, signal: null });
      await ended;
    },
  };
}
