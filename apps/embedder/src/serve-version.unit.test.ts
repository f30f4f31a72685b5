import { type Pointer, servablePointer } from '@gatehouse/artifacts';
import { IndexNotFoundError } from '@gatehouse/item-index';

import { serveVersion } from './serve-version';
import { createMemoryLogger } from './version.fixture';

const served = (...ids: readonly [version: string, indexId: string][]): Pointer =>
  ids.reduce<Pointer | undefined>(
    (before, [version, id]) => servablePointer(version, { indexId: id, effort: 0 }, before),
    undefined,
  )!;

describe('serveVersion', () => {
  const serve = async (version: string, pointer: Pointer | undefined, gone = false) => {
    const calls: string[] = [];
    await serveVersion(version, {
      models: { pointer: async () => pointer },
      reinstate: async (of, { indexId }) => {
        calls.push(`reinstate ${of} ${indexId}`);
        if (gone) throw new IndexNotFoundError(indexId);
      },
      refresh: async (of) => void calls.push(`refresh ${of}`),
      logger: createMemoryLogger(),
    });
    return calls;
  };
  const pointer = served(['1-1', '1-1.1'], ['1-2', '1-2.1']);

  it('takes the index that a version had', async () => {
    expect(await serve('1-1', pointer)).toEqual(['reinstate 1-1 1-1.1']);
  });

  it('builds one for a version that never served, that serves now, or whose index is gone', async () => {
    expect(await serve('1-3', pointer)).toEqual(['refresh 1-3']);
    expect(await serve('1-3', undefined)).toEqual(['refresh 1-3']);
    expect(await serve('1-2', pointer)).toEqual(['refresh 1-2']);
    expect(await serve('1-1', pointer, true)).toEqual(['reinstate 1-1 1-1.1', 'refresh 1-1']);
  });
});
