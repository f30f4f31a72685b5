export { type BrokerControl, brokerControl } from './broker-control';
export { type ChartLine, type ChartOptions, lineChart } from './bench/line-chart';
export { describeMachine, type Machine, machineLine } from './bench/machine';
export { markdownTable } from './bench/markdown-table';
export { writeResult, writeSection } from './bench/write-section';
export {
  type Authority,
  type CertificateWishes,
  createAuthority,
  createSelfSigned,
  type KeyAndCertificate,
} from './create-authority';
export { type Cleanup, createCleanup } from './create-cleanup';
export { createTemporaryFolder } from './create-temporary-folder';
export { createWorld, type World, type WorldOptions } from './create-world';
export { holdPort } from './hold-port';
export { kafkaBrokers } from './kafka-brokers';
export { qdrantUrl } from './qdrant-url';
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
