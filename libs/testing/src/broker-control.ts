import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);
/** Starting a broker again takes it through its log. */
const timeoutMs = 90_000;

/** Ends and stops brokers of a test cluster, numbered from 1. */
export interface BrokerControl {
  /** As SIGKILL does. */
  kill(broker: number): Promise<void>;
  start(broker: number): Promise<void>;
  /** As SIGSTOP does: connections stay open, nothing answers. */
  pause(broker: number): Promise<void>;
  resume(broker: number): Promise<void>;
}

/**
 * Control of the brokers of `KAFKA_BROKERS`, by the command that `KAFKA_CONTROL` names: it takes `kill`, `start`, `pause` and `resume` with
 * a number.
 *
 * @returns undefined where there is none: the suite is skipped
 */
export function brokerControl(): BrokerControl | undefined {
  const command = process.env['KAFKA_CONTROL'] ?? '';
  if (command === '') {
    process.stderr.write('KAFKA_CONTROL is not set: the tests that end brokers are skipped\n');
    return undefined;
  }
  const control = async (verb: string, broker: number): Promise<void> => {
    await run(command, [verb, String(broker)], { timeout: timeoutMs });
  };
  return {
    kill: (broker) => control('kill', broker),
    start: (broker) => control('start', broker),
    pause: (broker) => control('pause', broker),
    resume: (broker) => control('resume', broker),
  };
}
