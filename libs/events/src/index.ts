export { decodeImpression } from './decode-impression';
export { encodeImpression } from './encode-impression';
export type { CompactedFormat } from './compacted-format';
export { createEventWindow, type EventWindow } from './event-window';
export { LeadershipLostError, OffsetGapError, OffsetOutOfRangeError, StorageError } from './errors';
export { itemFormat } from './item-format';
export { type KafkaSettings, kafkaSettings, type LogSettings, logSettings } from './kafka-settings';
export type {
  Change,
  CompactedTopic,
  DeadLetterSink,
  Election,
  EventLog,
  FollowerUserState,
  ImpressionRecord,
  ImpressionSink,
  ImpressionSource,
  ItemCatalogue,
  Position,
  RejectedRecord,
  Rejection,
  StatefulUserState,
  Term,
  UserProfiles,
  UserRecord,
  UserState,
  UserStateOptions,
} from './ports';
export { createProfileTable, type ProfileTable } from './profile-table';
export { readBacklog } from './read-backlog';
export { userStateOptions } from './user-state-options';
export { deadLetterTopic, impressionsTopic, itemsTopic, usersTopic } from './topics';
export { userProfileFormat } from './user-profile-format';
