import type { Pointer } from '@gatehouse/artifacts';
import { IndexNotFoundError } from '@gatehouse/item-index';

import { lastIndexOf, servablePointer, servedBefore } from './served-before';
import { serveVersion } from './serve-version';
import { createMemoryLogger } from './version.fixture';

const served = (...ids: readonly [version: string, indexId: string][]): Pointer =>
  ids.reduce<Pointer | undefined>((before, [version, id]) => servablePointer(version, id, before), undefined)!;

describe('what has served before', () => {
  it('is kept in the pointer, newest first and each once', () => {
    const pointer = served(['1-1', '1-1.1'], ['1-2', '1-2.1'], ['1-2', '1-2.2'], ['1-1', '1-1.1']);
    expect(pointer).toMatchObject({ version: '1-1', indexId: '1-1.1' });
    expect(servedBefore(pointer)).toEqual(['1-1.1', '1-2.2', '1-2.1']);
    expect([lastIndexOf('1-2', pointer), lastIndexOf('1-9', pointer)]).toEqual(['1-2.2', undefined]);
  });

  it('is nothing in a pointer of another kind', () => {
    expect(servedBefore(undefined)).toEqual([]);
    expect(servedBefore({ version: '1-1', detail: { served: 'x' } })).toEqual([]);
  });

  it('goes back eight indexes', () => {
    const many = Array.from({ length: 20 }, (_, i) => ['1-1', `1-1.${i + 1}`] as [string, string]);
    expect(servedBefore(served(...many))).toHaveLength(8);
  });
});

describe('serveVersion', () => {
  const serve = async (version: string, pointer: Pointer | undefined, gone = false) => {
    const calls: string[] = [];
    await serveVersion(version, {
      models: { pointer: async () => pointer },
      reinstate: async (of, indexId) => {
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
