export { decodeImpression } from './decode-impression';
export { decodeItem } from './decode-item';
export { encodeImpression } from './encode-impression';
export { encodeItem } from './encode-item';
export { OffsetGapError, OffsetOutOfRangeError, StorageError } from './errors';
export { type KafkaSettings, kafkaSettings } from './kafka-settings';
export type {
  DeadLetterSink,
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
  UserRecord,
  UserState,
  UserStateOptions,
} from './ports';
export { readBacklog } from './read-backlog';
export { userStateOptions } from './user-state-options';
export { deadLetterTopic, impressionsTopic, itemsTopic } from './topics';
