export { type EmbeddedItemIndexOptions, openEmbeddedItemIndexStore } from './embedded-item-index-store';
