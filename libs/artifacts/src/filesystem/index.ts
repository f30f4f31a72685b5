export { createFilesystemModelStore, type FilesystemModelStoreOptions } from './filesystem-model-store';
export type { StoreFile, StoreFs } from './store-fs';
