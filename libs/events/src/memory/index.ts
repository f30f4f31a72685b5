export { createMemoryCompactedTopic, createMemoryItemCatalogue } from './memory-compacted-topic';
export { createMemoryLog, type MemoryLog } from './memory-log';
export { createUserState } from './memory-user-state';
