import { describeError } from './describe-error';
import { exitCode } from './exit-code';

/** The part of `process` that {@link runMain} needs. */
export interface MainProcess {
  readonly stderr: { write(text: string): unknown };
  exitCode?: number | string | null | undefined;
  on(event: 'unhandledRejection' | 'uncaughtException', listener: (error: unknown) => void): unknown;
  exit(code: number): void;
}

/**
 * Runs an app to its end. A number that it returns becomes the exit code (nothing: 0). When it throws, or an error is caught nowhere, one line
 * on standard error says why and the process exits: with 78 for a `ConfigError` or `SettingsError`, else with 1.
 *
 * @param app name of the app, which begins the line.
 * @example void runMain('trainer', () => main(process.argv));
 */
export async function runMain(app: string, main: () => Promise<unknown>, host: MainProcess = process): Promise<void> {
  const fail = (error: unknown): void => {
    host.stderr.write(`${app}: ${describeError(error)}\n`);
    // By name, because the library that parses configurations is not for this one to import.
    const isConfiguration = error instanceof Error && ['ConfigError', 'SettingsError'].includes(error.name);
    host.exit(isConfiguration ? exitCode.configuration : exitCode.failure);
  };
  host.on('unhandledRejection', fail);
  host.on('uncaughtException', fail);
  try {
    const code = await main();
    host.exitCode = typeof code === 'number' ? code : exitCode.ok;
  } catch (error) {
    fail(error);
  }
}
