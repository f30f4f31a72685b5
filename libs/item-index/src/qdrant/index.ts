export { QdrantRefusedError, QdrantUnavailableError } from './qdrant-errors';
export { openQdrantItemIndexStore, type QdrantParts } from './qdrant-item-index-store';
