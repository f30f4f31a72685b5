import { checkSpec } from '../check-spec';
import { IndexExistsError, IndexNotFoundError, IndexNotSealedError } from '../errors';
import { compareIndexIds, parseIndexId } from '../index-id';
import type { ItemIndexStore } from '../item-index';
import { PointTable } from '../point-table';
import { type ExactContent, ExactItemIndex } from './exact-item-index';

/**
 * Indexes in memory, searched exactly: the oracle for every other adapter, and a double for tests.
 *
 * @example
 * const store = createExactItemIndexStore();
 * const index = await store.create('1-1.1', { dimension: 2, metric: 'dot', attributes: {}, manifest: {} });
 */
export function createExactItemIndexStore(): ItemIndexStore {
  const contents = new Map<string, ExactContent>();
  let alias: string | undefined;

  const sealed = (indexId: string): ExactContent => {
    parseIndexId(indexId);
    const content = contents.get(indexId);
    if (!content) throw new IndexNotFoundError(indexId);
    if (!content.sealed) throw new IndexNotSealedError(indexId);
    return content;
  };

  return {
    async create(indexId, spec) {
      parseIndexId(indexId);
      checkSpec(spec);
      if (contents.has(indexId)) throw new IndexExistsError(indexId);
      const content = { spec, points: new PointTable(spec.dimension), sealed: false };
      contents.set(indexId, content);
      return new ExactItemIndex(indexId, content);
    },
    open: async (indexId) => new ExactItemIndex(indexId, sealed(indexId)),
    list: async () => [...contents.keys()].sort(compareIndexIds),
    async drop(indexId) {
      parseIndexId(indexId);
      contents.delete(indexId);
    },
    async activate(indexId) {
      sealed(indexId);
      alias = indexId;
    },
    active: async () => (alias !== undefined && contents.has(alias) ? alias : undefined),
  };
}
