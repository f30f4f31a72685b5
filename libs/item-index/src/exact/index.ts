export { createExactItemIndexStore } from './exact-item-index-store';
