import { createExactItemIndexStore } from '@gatehouse/item-index/exact';
import { createManualClock } from '@gatehouse/runtime';

import { createRetention } from './retention';
import { createMemoryLogger } from './version.fixture';

const spec = { dimension: 1, metric: 'dot', attributes: {}, manifest: {} } as const;

describe('createRetention', () => {
  const start = (retainMs: number) => {
    const indexes = createExactItemIndexStore();
    const clock = createManualClock();
    const logger = createMemoryLogger();
    const retention = createRetention(indexes, retainMs, clock, logger);
    const serve = async (indexId: string): Promise<string[]> => {
      await indexes.create(indexId, spec);
      await retention.servable(indexId);
      return indexes.list();
    };
    return { indexes, clock, logger, retention, serve };
  };

  it('keeps two predecessors beside the serving index, oldest out by version and build', async () => {
    const { serve, logger } = start(0);
    await serve('1-9.1');
    await serve('1-9.2');
    await serve('1-10.1');
    expect(await serve('1-10.2')).toEqual(['1-9.2', '1-10.1', '1-10.2']);
    expect(await serve('2-1.1')).toEqual(['1-10.1', '1-10.2', '2-1.1']);
    expect(logger.lines.map(({ fields }) => fields['indexId'])).toEqual(['1-9.1', '1-9.2']);
  });

  it('drops no index before retainMs have passed since it had two successors', async () => {
    const { serve, clock } = start(1000);
    await serve('1-1.1');
    await serve('1-2.1');
    clock.advance(5000);
    await serve('1-3.1');
    clock.advance(5000);
    expect(await serve('1-4.1')).toContain('1-1.1'); // superseded only now
    clock.advance(999);
    expect(await serve('1-5.1')).toContain('1-1.1');
    clock.advance(1);
    expect(await serve('1-6.1')).toEqual(['1-2.1', '1-3.1', '1-4.1', '1-5.1', '1-6.1']);
    clock.advance(1000);
    expect(await serve('1-7.1')).toEqual(['1-4.1', '1-5.1', '1-6.1', '1-7.1']);
  });

  it('leaves the serving index and all newer ones, also after a return to an older one', async () => {
    const { indexes, clock, retention } = start(0);
    for (const version of [1, 2, 3, 4, 5]) await indexes.create(`1-${version}.1`, spec);
    await retention.servable('1-2.1');
    clock.advance(1);
    expect(await indexes.list()).toHaveLength(5);
  });

  it('begins the wait anew after a restart', async () => {
    const { indexes, clock, logger, serve } = start(1000);
    for (const id of ['1-1.1', '1-2.1', '1-3.1', '1-4.1']) await serve(id);
    clock.advance(1000);
    const restarted = createRetention(indexes, 1000, clock, logger);
    await restarted.servable('1-4.1');
    expect(await indexes.list()).toContain('1-1.1');
    clock.advance(1000);
    await restarted.servable('1-4.1');
    expect(await indexes.list()).not.toContain('1-1.1');
  });
});
