import { createProfileTable, type FollowerUserState, userProfileFormat, userStateOptions } from '@gatehouse/events';
import {
  createMemoryCompactedTopic,
  createMemoryItemCatalogue,
  createMemoryLog,
  createUserState,
} from '@gatehouse/events/memory';
import { createCandidateClient } from '@gatehouse/client';
import { createMetrics, delay, systemClock, waitFor } from '@gatehouse/runtime';

import { retrieverConfig } from '../config';
import {
  createFakeIndex,
  createFakeModels,
  createFakeTowers,
  createRecordingLogger,
  hitsOf,
} from '../retriever.fixture';
import { startRetriever } from '../start-retriever';

const soon = { timeoutMs: 5000, everyMs: 5 };

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (let close = closing.pop(); close; close = closing.pop()) await close();
});

/** A retriever with sources of its own, over a log and a catalogue in memory. */
async function start(sources: object) {
  const { source, sink } = createMemoryLog();
  const items = createMemoryItemCatalogue();
  const models = createFakeModels();
  const logger = createRecordingLogger();
  const settings = retrieverConfig.parse({ port: 0, pollMs: 10, drain: { noticeMs: 0 }, sources });
  const retriever = await startRetriever(
    {
      models,
      loadParts: models.load,
      indexes: { open: async (indexId) => createFakeIndex(indexId, () => hitsOf('v')) },
      towers: createFakeTowers(),
      source,
      items,
      profiles: createProfileTable(createMemoryCompactedTopic(userProfileFormat)),
      openUsers: (schema) => {
        const users: FollowerUserState = createUserState(userStateOptions(schema));
        return Object.assign(users, { close: async () => undefined });
      },
      nobody: (schema) => createUserState(userStateOptions(schema)).snapshot(),
      metrics: createMetrics('test_'),
      clock: systemClock,
      delay,
      logger,
    },
    settings,
  );
  closing.push(() => retriever.stop());
  const client = createCandidateClient({ address: `127.0.0.1:${retriever.port}`, deadlineMs: 5000 });
  closing.push(() => client.close());
  const serve = async () => {
    models.point({ version: '1-1', indexId: '1-1.1' });
    await waitFor(() => logger.lines.some(({ line }) => line === 'info version.adopted'), {
      what: 'the version',
      ...soon,
    });
  };
  return { client, serve, items, sink, logger };
}

const item = (itemId: string, available = true, features = {}) => ({ itemId, features, available });

test('an item of the catalogue is new at once, and gone or not available at once, with no new version', async () => {
  const { client, serve, items, logger } = await start({ new: { count: 10 } });
  await items.put([item('n1'), item('n2'), item('n3', false)]);
  await serve();
  expect(logger.lines.map(({ line }) => line)).toContain('info catalogue.loaded');
  const newest = async () => (await client.retrieve({ sources: ['new'] })).candidates.map(({ itemId }) => itemId);
  const until = (...itemIds: string[]) =>
    waitFor(async () => (await newest()).join() === itemIds.join(), { what: `new: ${itemIds.join()}`, ...soon });
  expect(await newest()).toEqual(['n2', 'n1']); // from the first answer on
  await items.put([item('n4')]);
  await until('n4', 'n2', 'n1');
  await items.put([item('n2', false)]);
  await until('n4', 'n1');
  await items.remove(['n4']);
  await until('n1');
});

test('an item is found by its words at once, and by its new ones after a change', async () => {
  const { client, serve, items } = await start({ lexical: { fields: ['title'] } });
  await items.put([item('m1', true, { title: 'Red Dust' }), item('gone', true, { title: 'Red Fox' })]); // not in the index
  await serve();
  const found = async (queryText: string) =>
    (await client.retrieve({ queryText, sources: ['lexical'] })).candidates.map(({ itemId }) => itemId);
  expect(await found('red')).toEqual(['m1']);
  await items.put([item('m1', true, { title: 'Blue Dust' })]);
  await waitFor(async () => (await found('blue')).length === 1, { what: 'the new title', ...soon });
  expect(await found('red')).toEqual([]);
});

test('the catalogue is left alone when no source needs it', async () => {
  const { client, serve, items } = await start({});
  const read = [jest.spyOn(items, 'snapshot'), jest.spyOn(items, 'changes')];
  await serve();
  await client.retrieve({});
  for (const each of read) expect(each).not.toHaveBeenCalled();
});

test("what happens lately is trending, by the schema's weights", async () => {
  const { client, serve, sink } = await start({
    trending: { halfLifeMs: 1000, segmentBy: ['country'], segmentMin: 1 },
  });
  const click = (n: number, itemId: string, country: string) => ({
    eventId: `e${n}`,
    userId: `u${n}`,
    itemId,
    eventTimeMs: 1000 * n,
    action: 'click',
    context: { country },
  });
  await sink.append([click(1, 'a', 'nz'), click(2, 'b', 'fr'), click(3, 'gone', 'fr')]);
  await serve();
  const trending = async (context = {}) =>
    (await client.retrieve({ sources: ['trending'], context })).candidates.map(({ itemId }) => itemId);
  await waitFor(async () => (await trending()).join() === 'b,a', { what: 'both items', ...soon });
  expect([await trending({ country: 'nz' }), await trending({ country: 'fr' })]).toEqual([['a'], ['b']]);
});
