import { createExactItemIndexStore } from '@gatehouse/item-index/exact';
import { canariesPart, readCanaries } from '@gatehouse/towers';

import { buildIndex } from './build-index';
import { createLiveIndex } from './live-index';
import { checkNextItems } from './next-item-gate';
import { createMemoryLogger, createModel, items, partsOf, useCpu } from './version.fixture';

const canaryCount = 200;

describe('the gate of next items', () => {
  useCpu();

  const build = async (version: string, model = createModel(1)) => {
    const { index } = await buildIndex(createExactItemIndexStore(), {
      version,
      model,
      items,
      catalogueOffset: 0,
      catalogueTimeMs: 0,
      canaries: [],
      k: 10,
      served: [],
    });
    return index;
  };
  const liveOf = async () => {
    const model = createModel(1);
    const checkLeads = async (): Promise<void> => undefined;
    const index = await build('1-1', model);
    return createLiveIndex({ version: '1-1', model, index, offset: 0, checkLeads, logger: createMemoryLogger() });
  };
  /** Canaries of a model whose next item is what it ranks first: recall 1 there, and 10 of 36 by chance elsewhere. */
  const canariesOf = async (seed: number, index: Awaited<ReturnType<typeof build>>, count = canaryCount) => {
    const canaries = readCanaries(partsOf(createModel(seed), count)[canariesPart]);
    return Promise.all(
      canaries.map(async (canary) => {
        const [{ itemId }] = await index.search({ vector: canary.vector, k: 1 });
        return { ...canary, nextItemId: itemId };
      }),
    );
  };

  it('lets the same model pass, with the recall of both', async () => {
    const live = await liveOf();
    const canaries = await canariesOf(1, live.index);
    expect(await checkNextItems(await build('1-2'), canaries, live)).toEqual({
      nextItemRecallAt10: 1,
      servingNextItemRecallAt10: 1,
    });
  });

  it('refuses a model that finds clearly less, by name and figures', async () => {
    const live = await liveOf();
    const worse = await build('1-2', createModel(7));
    const vectors = readCanaries(partsOf(createModel(7), canaryCount)[canariesPart]);
    const canaries = (await canariesOf(1, live.index)).map((canary, i) => ({ ...canary, vector: vectors[i].vector }));
    await expect(checkNextItems(worse, canaries, live)).rejects.toThrow(
      /^index 1-2.1 refused: next-item recall: expected 1.0000 of 1-1, less 10 % or 3 standard errors, found 0\.\d{4}$/,
    );
  });

  it('lets a better model pass', async () => {
    const live = await liveOf();
    const better = await build('1-2', createModel(7));
    const canaries = await canariesOf(7, better);
    const recall = await checkNextItems(better, canaries, live);
    expect(recall?.nextItemRecallAt10).toBe(1);
    expect(recall?.servingNextItemRecallAt10).toBeLessThan(0.8);
  });

  it('says nothing of a handful of canaries', async () => {
    const live = await liveOf();
    expect(await checkNextItems(await build('1-2'), await canariesOf(1, live.index, 99), live)).toBeUndefined();
  });
});
