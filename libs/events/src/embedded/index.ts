export { createEmbeddedCompactedTopic } from './embedded-compacted-topic';
export { createEmbeddedDeadLetterSink, readDeadLetters } from './embedded-dead-letters';
export { openEmbeddedEventLog } from './embedded-event-log';
export { createEmbeddedImpressionSink } from './embedded-impression-sink';
export { createEmbeddedImpressionSource } from './embedded-impression-source';
export { type EmbeddedLog, type EmbeddedLogOptions, openEmbeddedLog } from './embedded-log';
export { createEmbeddedUserState, type EmbeddedUserState } from './embedded-user-state';
