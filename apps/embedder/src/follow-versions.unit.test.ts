import { FencedError, type Pointer } from '@gatehouse/artifacts';

import { type Following, followVersions } from './follow-versions';
import { createMemoryLogger } from './version.fixture';

class Refusal extends Error {}

describe('followVersions', () => {
  /** Each entry is one look at `latest`; after the last one the signal aborts. */
  const follow = async (
    looks: readonly (string | undefined)[],
    {
      servable,
      refresh = () => undefined,
      worn,
      pin,
    }: {
      servable?: string;
      refresh?: (version: string, call: number) => void;
      worn?: (look: number) => boolean;
      pin?: (look: number) => Pointer | undefined;
    } = {},
  ) => {
    const stop = new AbortController();
    const refreshed: string[] = [];
    const pauses: number[] = [];
    const logger = createMemoryLogger();
    let look = 0;
    const pointerTo = (version: string | undefined): Pointer | undefined =>
      version === undefined ? undefined : { version };
    const following: Following = {
      models: {
        pointer: async (name) => (name === 'pinned' ? pin?.(look) : pointerTo(looks[look])),
      },
      servingVersion: async () => servable,
      serve: async (version) => {
        refreshed.push(version);
        refresh(version, refreshed.length);
      },
      isWorn: () => worn?.(look) ?? false,
      isRefusal: (error) => error instanceof Refusal,
      sleep: async (ms, signal) => {
        pauses.push(ms);
        if (++look === looks.length) stop.abort();
        signal.throwIfAborted(); // as a real one does
      },
      pollMs: 100,
      logger,
      signal: stop.signal,
    };
    await followVersions(following);
    return { refreshed, pauses, messages: logger.lines.map(({ message }) => message) };
  };

  it('refreshes each newest version once', async () => {
    const { refreshed } = await follow([undefined, '1-1', '1-1', '1-4', '1-4', '2-5']);
    expect(refreshed).toEqual(['1-1', '1-4', '2-5']);
  });

  it('leaves a version that serves already', async () => {
    expect((await follow(['1-1', '1-1'], { servable: '1-1' })).refreshed).toEqual([]);
  });

  it('waits for the next version after a refusal', async () => {
    const refresh = (version: string): void => {
      if (version === '1-1') throw new Refusal('skewed');
    };
    const { refreshed, messages, pauses } = await follow(['1-1', '1-1', '1-1', '1-2'], { refresh });
    expect(refreshed).toEqual(['1-1', '1-2']);
    expect(messages).toEqual(['version.refused']);
    expect(pauses).toEqual([100, 100, 100, 100]);
  });

  it('tries again after any other failure, with longer and longer pauses up to ten seconds', async () => {
    const refresh = (_version: string, call: number): void => {
      if (call <= 9) throw new Error('disk full');
    };
    const { refreshed, messages, pauses } = await follow(Array<string>(11).fill('1-1'), { refresh });
    expect(refreshed).toEqual(Array<string>(10).fill('1-1'));
    expect(messages).toEqual(Array<string>(9).fill('refresh.failed'));
    expect(pauses).toEqual([200, 400, 800, 1600, 3200, 6400, 10_000, 10_000, 10_000, 100, 100]);
  });

  it('serves what is pinned while it is, and then the newest', async () => {
    const pin = (look: number): Pointer | undefined => {
      if (look === 0) return undefined;
      return look < 3 ? { version: '1-1' } : { version: '1-1', detail: 'released' };
    };
    const { refreshed } = await follow(['1-3', '1-3', '1-4', '1-4', '1-4'], { pin });
    expect(refreshed).toEqual(['1-3', '1-1', '1-4']);
  });

  it('builds a worn index again, of the same version', async () => {
    const built: number[] = [];
    const refresh = (_version: string, call: number): void => void built.push(call);
    const worn = (look: number): boolean => look === 2 && built.length < 2;
    expect((await follow(['1-1', '1-1', '1-1', '1-1'], { refresh, worn })).refreshed).toEqual(['1-1', '1-1']);
  });

  it('waits longer and longer when the new build of a worn index is refused', async () => {
    const refresh = (_version: string, call: number): void => {
      if (call > 1) throw new Refusal('worse');
    };
    const { pauses, refreshed } = await follow(Array<string>(4).fill('1-1'), { refresh, worn: (look) => look > 0 });
    expect(refreshed).toHaveLength(4);
    expect(pauses).toEqual([100, 200, 400, 800]);
  });

  it('ends when another embedder leads', async () => {
    const refresh = (): void => {
      throw new FencedError('embedder', 1, 2);
    };
    await expect(follow(['1-1'], { refresh })).rejects.toThrow(FencedError);
  });

  it('does nothing after an abort', async () => {
    const refresh = jest.fn();
    const following: Following = {
      models: { pointer: async () => ({ version: '1-1' }) },
      servingVersion: async () => undefined,
      serve: refresh,
      isWorn: () => false,
      isRefusal: () => false,
      sleep: async () => undefined,
      pollMs: 100,
      logger: createMemoryLogger(),
      signal: AbortSignal.abort(),
    };
    await followVersions(following);
    expect(refresh).not.toHaveBeenCalled();
  });
});
