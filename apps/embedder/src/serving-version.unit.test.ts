import { createLogger } from '@gatehouse/runtime';

import { servingVersion } from './serving-version';

const logger = createLogger({ app: 'test', level: 'silent' });
const pointerTo = (indexId?: string) => ({
  pointer: () => Promise.resolve(indexId === undefined ? undefined : { version: '1-7', indexId }),
});

describe('servingVersion', () => {
  it('is the version of the pointer once its index was taken up', async () => {
    const takeUp = jest.fn().mockResolvedValue(undefined);
    expect(await servingVersion(pointerTo('1-7.1'), takeUp, logger)).toBe('1-7');
    expect(takeUp).toHaveBeenCalledWith('1-7', '1-7.1');
  });

  it('is none before the first pointer, and none when the index is lost', async () => {
    const lost = () => Promise.reject(new Error('not found'));
    expect(await servingVersion(pointerTo(), lost, logger)).toBeUndefined();
    expect(await servingVersion(pointerTo('1-7.1'), lost, logger)).toBeUndefined();
  });
});
