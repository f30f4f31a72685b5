import { createExactItemIndexStore } from '@gatehouse/item-index/exact';
import { createLogger } from '@gatehouse/runtime';

import { servingVersion } from './serving-version';

const logger = createLogger({ app: 'test', level: 'silent' });
const pointerTo = (indexId?: string) => ({
  pointer: () => Promise.resolve(indexId === undefined ? undefined : { version: '1-7', indexId }),
});

describe('servingVersion', () => {
  it('is the version of the pointer when its index opens', async () => {
    const indexes = createExactItemIndexStore();
    const index = await indexes.create('1-7.1', { dimension: 2, metric: 'dot', attributes: {}, manifest: {} });
    await index.seal();
    expect(await servingVersion(pointerTo('1-7.1'), indexes, logger)).toBe('1-7');
  });

  it('is none before the first pointer, and none when the index is lost', async () => {
    const indexes = createExactItemIndexStore();
    expect(await servingVersion(pointerTo(), indexes, logger)).toBeUndefined();
    expect(await servingVersion(pointerTo('1-7.1'), indexes, logger)).toBeUndefined();
  });
});
