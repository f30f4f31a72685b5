export { decodeImpression } from './decode-impression';
export { decodeItem } from './decode-item';
export { encodeImpression } from './encode-impression';
export { encodeItem } from './encode-item';
export { createEventWindow, type EventWindow } from './event-window';
export { LeadershipLostError, OffsetGapError, OffsetOutOfRangeError, StorageError } from './errors';
export { type KafkaSettings, kafkaSettings, type LogSettings, logSettings } from './kafka-settings';
export type {
  DeadLetterSink,
  Election,
  EventLog,
  FollowerUserState,
  ImpressionRecord,
  ImpressionSink,
  ImpressionSource,
  ItemCatalogue,
  ItemChange,
  Position,
  RejectedRecord,
  Rejection,
  StatefulUserState,
  Term,
  UserRecord,
  UserState,
  UserStateOptions,
} from './ports';
export { readBacklog } from './read-backlog';
export { userStateOptions } from './user-state-options';
export { deadLetterTopic, impressionsTopic, itemsTopic } from './topics';
