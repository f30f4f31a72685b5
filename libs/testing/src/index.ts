export { type Cleanup, createCleanup } from './create-cleanup';
export { createTemporaryFolder } from './create-temporary-folder';
export { createWorld, type World, type WorldOptions } from './create-world';
export { holdPort } from './hold-port';
export {
  type LogLine,
  type ProcessEnd,
  ProcessEndedError,
  type ProcessOptions,
  startProcess,
  type TestProcess,
  type Wait,
  WaitTimeoutError,
} from './start-process';
