import type { Clock, Logger } from '@gatehouse/runtime';

import { openEmbeddedEventLog } from '../embedded/embedded-event-log';
import { openKafkaLog } from '../kafka/open-kafka-log';
import type { KafkaSettings, LogSettings } from '../kafka-settings';
import type { EventLog } from '../ports';

/** Which log to open, and with what. */
export interface LogOpening {
  readonly log: LogSettings;
  readonly kafka: KafkaSettings;
  /** Where secrets may stand. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly logger: Logger;
  readonly clock: Pick<Clock, 'monotonicMs'>;
}

/**
 * Opens the event log that a configuration names.
 *
 * @throws StorageError for a folder that cannot be used; SettingsError.
 * @example const log = openEventLog({ ...config, environment: process.env, logger, clock: systemClock });
 */
export function openEventLog({ log, kafka, environment, logger, clock }: LogOpening): EventLog {
  return log.kind === 'kafka'
    ? openKafkaLog(kafka, { environment }, logger, clock)
    : openEmbeddedEventLog({ folder: log.folder });
}
