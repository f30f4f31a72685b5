export { createMemoryItemCatalogue } from './memory-item-catalogue';
export { createMemoryLog, type MemoryLog } from './memory-log';
export { createUserState } from './memory-user-state';
