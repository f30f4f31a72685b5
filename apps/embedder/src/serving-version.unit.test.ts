import { IndexNotFoundError } from '@gatehouse/item-index';

import { servingVersion } from './serving-version';
import { createMemoryLogger } from './version.fixture';

const ask = (indexId: string | undefined, takeUp: () => Promise<void>) =>
  servingVersion({
    models: { pointer: async () => (indexId === undefined ? undefined : { version: '1-7', indexId }) },
    takeUp,
    delay: async () => undefined,
    logger: createMemoryLogger(),
    signal: new AbortController().signal,
  });

describe('servingVersion', () => {
  it('is the version of the pointer once its index was taken up', async () => {
    const takeUp = jest.fn().mockResolvedValue(undefined);
    expect(await ask('1-7.1', takeUp)).toBe('1-7');
    expect(takeUp).toHaveBeenCalledWith('1-7', '1-7.1');
  });

  it('is none before the first pointer, and none when the index is lost', async () => {
    const takeUp = jest.fn().mockRejectedValue(new IndexNotFoundError('1-7.1'));
    expect(await ask(undefined, takeUp)).toBeUndefined();
    expect(takeUp).not.toHaveBeenCalled();
    expect(await ask('1-7.1', takeUp)).toBeUndefined();
    expect(takeUp).toHaveBeenCalledTimes(1);
  });

  it('waits for a store that is away: what is there need not be built again', async () => {
    const takeUp = jest.fn().mockRejectedValueOnce(new Error('Qdrant is away')).mockResolvedValue(undefined);
    expect(await ask('1-7.1', takeUp)).toBe('1-7');
    expect(takeUp).toHaveBeenCalledTimes(2);
  });
});
