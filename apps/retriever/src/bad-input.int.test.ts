import { status } from '@grpc/grpc-js';
import { createRandom } from '@gatehouse/domain';
import { RetrieveRequest, SimilarItemsRequest } from '@gatehouse/proto';
import { delay, systemClock } from '@gatehouse/runtime';
import { createCleanup } from '@gatehouse/testing';

import { createCalls } from './calls';
import { retrieverConfig } from './config';
import { breakages } from './fuzz/broken-request.fixture';
import { batchOf, frame, pathOf } from './fuzz/fuzz-cases.fixture';
import { randomRetrieve } from './fuzz/random-request.fixture';
import { openRawCalls, type RawAnswer } from './fuzz/raw-calls.fixture';
import { createOverloadControl } from './overload/control-overload';
import { createRetrieve } from './retrieve';
import {
  createFakeIndex,
  createFakePair,
  createFakeTower,
  createRecordingLogger,
  hitsOf,
  noTelemetry,
  noTracing,
} from './retriever.fixture';
import { startServer } from './server';
import { createServing } from './serving';
import { disposePair } from './serving-pair';
import { createSimilarItems } from './similar-items';
import { createSources } from './sources/create-sources';
import { createPeers } from './transport/peers';

const cleanup = createCleanup();
afterEach(() => cleanup.run());

/** A server over an index and a tower that note whatever reaches them. */
async function setUp() {
  const index = createFakeIndex('1-1.1', () => hitsOf('a', 'b', 'c'));
  const tower = createFakeTower('1-1');
  const serving = createServing(disposePair);
  serving.replace(createFakePair('1-1', { index, queryTower: tower }));
  const logger = createRecordingLogger();
  const config = retrieverConfig.parse({ port: 0 });
  const retrieve = createRetrieve({
    serving,
    users: { get: () => undefined },
    featuresOf: () => ({}),
    sources: createSources(config.sources, systemClock),
    fusion: config.fusion,
    clock: systemClock,
    effortOf: () => 0,
    telemetry: noTelemetry,
    tracing: noTracing,
    logger,
  });
  const { admission } = createOverloadControl(config, systemClock);
  const server = await startServer(
    {
      retrieve: retrieve.one,
      batchRetrieve: retrieve.batch,
      similarItems: createSimilarItems({ serving, effortOf: () => 0, tracing: noTracing, logger }),
    },
    createCalls(config.calls, { admission, telemetry: noTelemetry, tracing: noTracing, clock: systemClock, logger }),
    config,
    { peers: createPeers(), interceptors: [], clock: systemClock, delay, logger },
  );
  cleanup.add(() => server.cut());
  const calls = openRawCalls(server.port);
  cleanup.add(() => calls.close());
  const ask = (method: string, bytes: Uint8Array): Promise<RawAnswer> =>
    calls.call({ path: pathOf(method), body: frame(bytes) });
  return { index, tower, logger, ask };
}

test.each(Object.entries(breakages))('%s is refused by name, and reaches neither tower nor index', async (_, each) => {
  const { index, tower, logger, ask } = await setUp();
  const valid = { ...randomRetrieve(createRandom('request', 1)), history: undefined };
  expect(await ask('Retrieve', RetrieveRequest.encode(valid).finish())).toMatchObject({ code: status.OK });
  const [searches, embedded] = [index.requests.length, tower.embedded.length];
  expect(searches + embedded).toBeGreaterThan(0);

  expect(await ask('Retrieve', each.apply(valid))).toMatchObject({
    code: status.INVALID_ARGUMENT,
    message: each.message,
  });
  const batch = batchOf([RetrieveRequest.encode(valid).finish(), each.apply(valid)]);
  const where = each.message.startsWith('request:') ? '' : 'requests[1].'; // what cannot be decoded has no fields
  expect(await ask('BatchRetrieve', batch)).toMatchObject({
    code: status.INVALID_ARGUMENT,
    message: where + each.message,
  });
  expect([index.requests.length, tower.embedded.length]).toEqual([searches, embedded]);
  expect(logger.lines.filter(({ line }) => !line.startsWith('debug'))).toEqual([]);
});

test.each<[string, Partial<SimilarItemsRequest>, string]>([
  ['no item id', {}, 'item_id: expected 1 to 128 bytes, found 0'],
  ['an item id of 129 bytes', { itemId: 'm'.repeat(129) }, 'item_id: expected 1 to 128 bytes, found 129'],
  ['a limit of 10^9', { itemId: 'm', limit: 1e9 }, 'limit: expected 1 to 1000, found 1000000000'],
])('neighbours: %s is refused by name, and reaches no index', async (_, request, message) => {
  const { index, ask } = await setUp();
  const bytes = SimilarItemsRequest.encode(SimilarItemsRequest.fromPartial(request)).finish();
  expect(await ask('SimilarItems', bytes)).toMatchObject({ code: status.INVALID_ARGUMENT, message });
  expect(index.requests).toEqual([]);
});

test('a limit of 0 is one of 100, and with nothing set the query is that of nobody', async () => {
  const { index, tower, ask } = await setUp();
  const bytes = RetrieveRequest.encode(RetrieveRequest.fromPartial({ limit: 0 })).finish();
  expect(bytes).toHaveLength(0); // on the wire, 0 is absence
  const { code } = await ask('Retrieve', bytes);
  expect(code).toBe(status.OK);
  expect(index.requests.map(({ k }) => k)).toEqual([100]);
  expect(tower.embedded).toMatchObject([{ features: {}, history: [], context: {} }]);
});
