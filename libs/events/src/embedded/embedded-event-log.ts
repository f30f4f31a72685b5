import { itemFormat } from '../item-format';
import type { Election, EventLog, ImpressionSource } from '../ports';
import { userProfileFormat } from '../user-profile-format';
import { createEmbeddedCompactedTopic } from './embedded-compacted-topic';
import { createEmbeddedDeadLetterSink } from './embedded-dead-letters';
import { createEmbeddedImpressionSink } from './embedded-impression-sink';
import { createEmbeddedImpressionSource } from './embedded-impression-source';
import { type EmbeddedLogOptions, openEmbeddedLog } from './embedded-log';

/** The event log of a folder. @throws StorageError. */
export function openEmbeddedEventLog(options: EmbeddedLogOptions): EventLog {
  const log = openEmbeddedLog(options);
  const source = createEmbeddedImpressionSource(log);
  return {
    source,
    sink: createEmbeddedImpressionSink(log),
    deadLetters: createEmbeddedDeadLetterSink(log),
    items: createEmbeddedCompactedTopic(log, itemFormat),
    users: createEmbeddedCompactedTopic(log, userProfileFormat),
    election: createLoneElection(source),
    isReachable: () => true,
    close: () => log.close(),
  };
}

/** Chooses whoever asks: on one host the newest trainer leads, and the artefact store's epochs end the one before it. */
function createLoneElection(source: ImpressionSource): Election {
  return {
    elected: async (signal) => {
      signal.throwIfAborted();
      return {
        isElected: false,
        lost: new AbortController().signal,
        source,
        holds: () => undefined,
        forfeit: () => undefined,
        saved: () => undefined,
      };
    },
  };
}
