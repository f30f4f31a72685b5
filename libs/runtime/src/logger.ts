import pino, { type DestinationStream, type Logger as Pino } from 'pino';

/** What stands beside a message: stable names, plain values. Put a caught error under `error`. */
export type LogFields = Readonly<Record<string, unknown>>;

/** Lowest level that is written; `silent` writes nothing. */
export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent';

/** Takes constant messages, such as `model.published`, with what varies in the fields: so one search finds them all. */
export interface Logger {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** A logger that adds `fields` to each line. */
  child(fields: LogFields): Logger;
}

/** How {@link createLogger} writes. */
export interface LoggerOptions {
  /** Name of the app, on each line. */
  readonly app: string;
  readonly level: LogLevel;
  /** @default standard output, written at once so that no line is lost when the process exits */
  readonly destination?: DestinationStream;
}

const secretNames = ['password', 'secret', 'token', 'apiKey'];

/**
 * Creates a logger that writes one line of JSON per message: `level`, `time` (ISO 8601), `app`, `pid`, the fields, `msg`.
 * Values named `password`, `secret`, `token` or `apiKey` are hidden, also within two levels of objects.
 *
 * @example createLogger({ app: 'trainer', level: 'info' }).info('model.published', { modelVersion: '3-17' });
 */
export function createLogger({ app, level, destination = pino.destination({ sync: true }) }: LoggerOptions): Logger {
  const options: pino.LoggerOptions = {
    level,
    base: { app, pid: process.pid },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    serializers: { error: pino.stdSerializers.err },
    redact: { paths: secretNames.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]), censor: '[hidden]' },
  };
  return adapt(pino(options, destination));
}

function adapt(log: Pino): Logger {
  return {
    debug: (message, fields = {}) => log.debug(fields, message),
    info: (message, fields = {}) => log.info(fields, message),
    warn: (message, fields = {}) => log.warn(fields, message),
    error: (message, fields = {}) => log.error(fields, message),
    child: (fields) => adapt(log.child(fields)),
  };
}
