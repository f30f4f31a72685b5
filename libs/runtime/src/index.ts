export { type Clock, systemClock } from './clock';
export { type Delay, delay } from './delay';
export { describeError } from './describe-error';
export { exitCode } from './exit-code';
export { createLogger, type LogFields, type Logger, type LoggerOptions, type LogLevel } from './logger';
export { createManualClock, type ManualClock } from './manual-clock';
export {
  type Counter,
  createMetrics,
  type Gauge,
  type Histogram,
  type Labels,
  type Metrics,
  type MetricSpec,
} from './metrics';
export { isLoopbackHost } from './is-loopback-host';
export { readSecret, readSettingFile, type SecretPlace, type SecretSources } from './read-secret';
export { SettingsError } from './settings-error';
export { retry, type RetryOptions } from './retry';
export { type MainProcess, runMain } from './run-main';
export { type MetricsServer, serveMetrics } from './serve-metrics';
export {
  createShutdown,
  type Shutdown,
  type ShutdownOptions,
  type SignalSource,
  type StopSignal,
  StopTimeoutError,
} from './shutdown';
export { waitFor, type WaitOptions, WaitTimeoutError } from './wait-for';
