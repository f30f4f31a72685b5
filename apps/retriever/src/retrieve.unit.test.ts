import { RetrieveRequest } from '@gatehouse/proto';
import { createManualClock } from '@gatehouse/runtime';

import { CallCancelledError, OutOfTimeError } from './call-errors';
import { type FusionSettings, fusionSettings } from './fusion-settings';
import { createRetrieve } from './retrieve';
import {
  createFakeIndex,
  createFakePair,
  createFakeTower,
  createRecordingLogger,
  noTelemetry,
  noTracing,
  type FakeIndex,
  type FakeTower,
  hitsOf,
  userRecordOf,
} from './retriever.fixture';
import { createServing } from './serving';
import { disposePair, type ServingPair } from './serving-pair';
import { createSources } from './sources/create-sources';
import { type SourceSettings, sourceSettings } from './sources/source-settings';

const never = new AbortController().signal;
const users: Record<string, ReturnType<typeof userRecordOf>> = {
  known: userRecordOf(['h1', 'h2'], ['h1', 'h2', 's1']),
};

const sourcesOf = (settings: Partial<SourceSettings> = {}) =>
  createSources(sourceSettings.parse(settings), createManualClock(1000));

function setUp(pair: ServingPair, settings: Partial<SourceSettings> = {}, fusion: Partial<FusionSettings> = {}) {
  const serving = createServing(disposePair);
  serving.replace(pair);
  const logger = createRecordingLogger();
  const retrieve = createRetrieve({
    serving,
    users: { get: (userId) => users[userId] },
    featuresOf: (userId) => (userId === 'known' ? { country: 'nz', age: 40 } : {}),
    sources: sourcesOf(settings),
    fusion: fusionSettings.parse(fusion),
    clock: createManualClock(1000),
    effortOf: () => 64,
    telemetry: noTelemetry,
    tracing: noTracing,
    logger,
  });
  const ask = (request: Partial<RetrieveRequest>, signal = never) =>
    retrieve.one(RetrieveRequest.fromPartial(request), signal);
  return { serving, retrieve, ask, logger };
}

const pairOver = (...itemIds: string[]) =>
  createFakePair('1-1', { index: createFakeIndex('1-1.1', () => hitsOf(...itemIds)) });
const idsOf = ({ candidates }: { candidates: readonly { itemId: string }[] }) => candidates.map(({ itemId }) => itemId);

test('a known user gets the two-tower answer with version, effort and freshness', async () => {
  const { ask, logger } = setUp(pairOver('a', 'b', 'c'));
  expect(await ask({ userId: 'known', limit: 2 })).toEqual({
    candidates: [
      { itemId: 'a', score: 1, sources: [{ source: 'two-tower', score: 1 }] },
      { itemId: 'b', score: 1 - 1 / 1024, sources: [{ source: 'two-tower', score: 1 - 1 / 1024 }] },
    ],
    modelVersion: '1-1',
    indexVersion: '1-1.1',
    searchEffort: 64,
    degraded: false,
    degradedReason: '',
    freshness: { modelEventTimeMs: 5, catalogueTimeMs: 7, userEventTimeMs: 101 }, // h2, the second of two
  });
  expect(logger.lines.map(({ line, fields }) => [line, fields['modelVersion']])).toEqual([
    ['debug candidates.served', '1-1'],
  ]);
});

test('an unknown user gets both sources, joined by rank, each candidate naming its own', async () => {
  const { ask } = setUp(pairOver('a', 'p2'));
  const { candidates } = await ask({ userId: 'stranger' });
  // Popular: p1, p2, p3. By rank: p2 = 1/62 + 1/62 = .0323, a = p1 = 1/61 = .0164, p3 = 1/63 = .0159; a before p1 by id.
  expect(candidates.map(({ itemId, sources }) => [itemId, sources.map(({ source }) => source)])).toEqual([
    ['p2', ['two-tower', 'popular']],
    ['a', ['two-tower']],
    ['p1', ['popular']],
    ['p3', ['popular']],
  ]);
  expect(candidates[0].score).toBeCloseTo(2 / 62, 12);
});

test('a history of its own makes a stranger known', async () => {
  const { ask } = setUp(pairOver('a'));
  const history = { entries: [{ itemId: 'x', eventTimeMs: 1 }] };
  expect(idsOf(await ask({ userId: 'stranger', history }))).toEqual(['a']);
  expect(idsOf(await ask({ history }))).toEqual(['a']);
});

test('sources are those asked for', async () => {
  const { ask } = setUp(pairOver('a'));
  expect(idsOf(await ask({ userId: 'known', sources: ['popular'] }))).toEqual(['p1', 'p2', 'p3']);
  expect(idsOf(await ask({ sources: ['two-tower'] }))).toEqual(['a']);
});

test('sources that settings turn off are refused by name, with the list of what is there', async () => {
  const { ask } = setUp(pairOver('a'), { itemToItem: { newest: 0 } });
  await expect(ask({ sources: ['two-tower', 'item-to-item'] })).rejects.toThrow(
    'sources[1]: expected one of two-tower, popular, found "item-to-item"',
  );
});

test('lexical is refused by name without fields; with them it needs text, and is left out of the defaults where there is none', async () => {
  await expect(setUp(pairOver('a')).ask({ sources: ['lexical'], queryText: 'x' })).rejects.toThrow(
    'sources[0]: expected one of two-tower, popular, item-to-item, found "lexical"',
  );
  const { ask } = setUp(pairOver('a'), { lexical: { fields: ['title'] }, strangers: ['popular', 'lexical'] });
  await expect(ask({ sources: ['lexical'] })).rejects.toThrow(
    'query_text: expected the text that the source lexical looks for, found none',
  );
  const scoreOf = async (queryText?: string) => (await ask({ queryText })).candidates[0].score;
  expect([await scoreOf(), await scoreOf('x')]).toEqual([1, 1 / 61]); // of one source, and of two by rank
});

test('settings choose the sources of a request that names none', async () => {
  const { ask } = setUp(pairOver('a', 'h1'), { defaults: ['popular'], strangers: ['item-to-item'] });
  expect(idsOf(await ask({ userId: 'known' }))).toEqual(['p1', 'p2', 'p3']);
  expect(idsOf(await ask({}))).toEqual([]); // nobody has no history
  expect(
    idsOf(await ask({ sources: ['item-to-item'], history: { entries: [{ itemId: 'h1', eventTimeMs: 1 }] } })),
  ).toEqual(['a']);
});

test('item-to-item goes by the stored history, or by the request', async () => {
  const pair = pairOver('a');
  const { ask } = setUp(pair);
  await ask({ userId: 'known', sources: ['item-to-item'] });
  await ask({ userId: 'known', history: { entries: [{ itemId: 'x', eventTimeMs: 9 }] }, sources: ['item-to-item'] });
  const anchors = (pair.index as FakeIndex).requests.map(({ exclude }) => [...(exclude ?? [])]);
  expect(anchors).toEqual([['h2', 'h1'], ['h2', 'h1'], ['x']]);
});

test('settings say how sources are joined', async () => {
  const fusion = { weights: { popular: 3 }, quotas: { popular: { min: 0, max: 2 } } };
  const { ask } = setUp(pairOver('a', 'b'), {}, fusion);
  // Three times 1/61 and 1/62 for p1 and p2, and no place for p3; 1/61 and 1/62 for a and b.
  expect(idsOf(await ask({}))).toEqual(['p1', 'p2', 'a', 'b']);
});

test('every source that fails is named, and the others answer', async () => {
  const index = createFakeIndex('1-1.1', () => Promise.reject(new Error('disk on fire')));
  const { ask } = setUp(createFakePair('1-1', { index }));
  const answer = await ask({ userId: 'known', sources: ['two-tower', 'popular', 'item-to-item'] });
  expect(idsOf(answer)).toEqual(['p1', 'p2', 'p3']);
  expect(answer).toMatchObject({ degraded: true, degradedReason: 'two-tower failed, item-to-item failed' });
});

test('popular items pass the filter too', async () => {
  const { ask } = setUp(pairOver('a'));
  const filter = { condition: { $case: 'range' as const, value: { attribute: 'year', min: 2 } } };
  expect(idsOf(await ask({ userId: 'known', sources: ['popular'], filter }))).toEqual(['p2', 'p3']);
});

test("the request's own history wins over the stored one, even when it is empty", async () => {
  const pair = pairOver('a');
  const { ask } = setUp(pair);
  await ask({ userId: 'known' });
  await ask({ userId: 'known', history: { entries: [{ itemId: 'x', eventTimeMs: 9 }] } });
  const { freshness } = await ask({ userId: 'known', history: { entries: [] } });
  expect((pair.index as FakeIndex).requests.map(({ vector }) => vector[1])).toEqual([2, 1, 0]); // lengths of the histories
  expect(freshness?.userEventTimeMs).toBe(0);
});

test('searches are as wide as the pair is given', async () => {
  const pair = { ...pairOver('a'), searchEffort: 256 };
  const { serving } = setUp(pair);
  const retrieve = createRetrieve({
    serving,
    users: { get: () => undefined },
    featuresOf: () => ({}),
    sources: sourcesOf(),
    fusion: fusionSettings.parse({}),
    clock: createManualClock(1000),
    effortOf: ({ searchEffort }) => searchEffort / 2,
    telemetry: noTelemetry,
    tracing: noTracing,
    logger: createRecordingLogger(),
  });
  const answer = await retrieve.one(RetrieveRequest.fromPartial({ sources: ['two-tower'] }), never);
  expect(answer.searchEffort).toBe(128);
  expect((pair.index as FakeIndex).requests.map(({ effort }) => effort)).toEqual([128]);
});

test("a request's own features win over those of the user's profile, one by one", async () => {
  const pair = pairOver('a');
  const { ask } = setUp(pair);
  await ask({ userId: 'known', features: new Map([['age', { kind: { $case: 'numberValue' as const, value: 41 } }]]) });
  await ask({ userId: 'stranger' });
  await ask({ history: { entries: [{ itemId: 'x', eventTimeMs: 1 }] } });
  const { embedded } = pair.queryTower as FakeTower;
  expect(embedded.map(({ features }) => features)).toEqual([{ country: 'nz', age: 41 }, {}, {}]);
});

test('seen items, the history and excluded items stay out when asked', async () => {
  const { ask } = setUp(pairOver('h1', 's1', 'x', 'a', 'h2', 'b'));
  expect(idsOf(await ask({ userId: 'known' }))).toEqual(['h1', 's1', 'x', 'a', 'h2', 'b']);
  expect(idsOf(await ask({ userId: 'known', excludeSeen: true, excludeItemIds: ['x'] }))).toEqual(['a', 'b']);
  const history = { entries: [{ itemId: 'a', eventTimeMs: 1 }] };
  expect(idsOf(await ask({ userId: 'known', history, excludeSeen: true }))).toEqual(['x', 'b']);
});

test('filter and effort reach the index', async () => {
  const pair = pairOver('a');
  const { ask } = setUp(pair);
  const value = { kind: { $case: 'numberValue' as const, value: 1990 } };
  await ask({ userId: 'known', filter: { condition: { $case: 'equals', value: { attribute: 'year', value } } } });
  expect((pair.index as FakeIndex).requests[0]).toMatchObject({
    effort: 64,
    filter: { equals: { attribute: 'year', value: 1990 } },
  });
});

test('a failing index degrades the answer to what is popular, and says so', async () => {
  const index = createFakeIndex('1-1.1', () => Promise.reject(new Error('disk on fire: /secret/path of known')));
  const { ask, logger } = setUp(createFakePair('1-1', { index }));
  const answer = await ask({ userId: 'known', limit: 2 });
  expect(idsOf(answer)).toEqual(['p1', 'p2']);
  expect(answer).toMatchObject({ degraded: true, degradedReason: 'two-tower failed', modelVersion: '1-1' });
  const { fields } = logger.lines.find(({ line }) => line === 'warn source.failed')!;
  expect(fields['error']).toMatchObject({ reason: 'disk on fire: /secret/path of [hidden]' });
});

test('a failing index with nothing to fall back on is an error', async () => {
  const index = createFakeIndex('1-1.1', () => Promise.reject(new Error('disk on fire')));
  const { ask } = setUp(createFakePair('1-1', { index, popular: [] }));
  await expect(ask({ userId: 'known' })).rejects.toThrow('disk on fire');
});

test('a cancelled call asks the index for nothing', async () => {
  const pair = pairOver('a');
  const { ask } = setUp(pair);
  await expect(ask({ userId: 'known' }, AbortSignal.abort(new CallCancelledError()))).rejects.toThrow(
    CallCancelledError,
  );
  expect((pair.index as FakeIndex).requests).toEqual([]);
});

test('a call cancelled during its search ends there, without falling back', async () => {
  const abort = new AbortController();
  const index = createFakeIndex('1-1.1', async () => {
    abort.abort(new CallCancelledError());
    throw new Error('aborted');
  });
  const { ask } = setUp(createFakePair('1-1', { index }));
  await expect(ask({ userId: 'known' }, abort.signal)).rejects.toThrow('aborted');
});

test('a search that runs out of time falls back while there is time to send', async () => {
  const abort = new AbortController();
  const index = createFakeIndex('1-1.1', async () => {
    abort.abort(new OutOfTimeError());
    throw abort.signal.reason;
  });
  const { ask } = setUp(createFakePair('1-1', { index }));
  expect(await ask({ userId: 'known' }, abort.signal)).toMatchObject({
    degraded: true,
    degradedReason: 'two-tower ran out of time',
  });
});

test('a tower may give each query several vectors: the nearest counts', async () => {
  const index = createFakeIndex('1-1.1', ({ vector: [x] }) => [
    { itemId: `at ${x}`, score: x / 10 },
    { itemId: 'both', score: x / 20 },
  ]);
  // Two vectors for each of two queries, of dimension 2: x = 1 and 2, then 3 and 4.
  const embed = () => Float32Array.of(1, 0, 2, 0, 3, 0, 4, 0);
  const queryTower = { ...createFakeTower('1-1'), vectorsPerQuery: 2, embed };
  const { retrieve } = setUp(createFakePair('1-1', { index, queryTower }));
  const requests = [1, 2].map(() => RetrieveRequest.fromPartial({ sources: ['two-tower'] }));
  const { responses } = await retrieve.batch({ requests }, never);
  expect(responses.map(({ candidates }) => candidates.map(({ itemId, score }) => [itemId, score]))).toEqual([
    [
      ['at 2', 0.2],
      ['at 1', 0.1],
      ['both', 0.1],
    ],
    [
      ['at 4', 0.4],
      ['at 3', 0.3],
      ['both', 0.2],
    ],
  ]);
});

test.each([
  ['and finds nothing', 'two-tower ran out of time', ['p1', 'p2', 'p3']],
  ['and yet finds something', '', ['a', 'p1', 'p2', 'p3']],
])('a search that leaves no time for the second source %s: popular answers all the same', async (_, reason, ids) => {
  const abort = new AbortController();
  const index = createFakeIndex('1-1.1', async () => {
    abort.abort(new OutOfTimeError());
    if (reason !== '') throw abort.signal.reason;
    return hitsOf('a');
  });
  const { ask } = setUp(createFakePair('1-1', { index }));
  const answer = await ask({ userId: 'stranger' }, abort.signal);
  expect(idsOf(answer)).toEqual(ids);
  expect(answer.degradedReason).toBe(reason);
});

test('a batch answers in order, from one version', async () => {
  const { retrieve } = setUp(createFakePair('1-1'));
  const requests = [{ userId: 'known', limit: 1 }, { limit: 3 }].map((request) => RetrieveRequest.fromPartial(request));
  const { responses } = await retrieve.batch({ requests }, never);
  expect(responses.map(({ candidates }) => candidates.length)).toEqual([1, 3]);
});

test('a batch that is cancelled after its first query starts no other', async () => {
  const abort = new AbortController();
  const index = createFakeIndex('1-1.1', () => {
    setImmediate(() => abort.abort(new CallCancelledError())); // as a message would arrive: between two turns
    return hitsOf('a');
  });
  const { retrieve } = setUp(createFakePair('1-1', { index }));
  const requests = Array.from({ length: 5 }, () => RetrieveRequest.fromPartial({ userId: 'known' }));
  await expect(retrieve.batch({ requests }, abort.signal)).rejects.toThrow(CallCancelledError);
  expect(index.requests).toHaveLength(1);
});

test('an invalid request in a batch is named by its place', async () => {
  const { retrieve } = setUp(createFakePair('1-1'));
  const requests = [{}, { limit: 1001 }].map((request) => RetrieveRequest.fromPartial(request));
  await expect(retrieve.batch({ requests }, never)).rejects.toThrow(
    'requests[1].limit: expected 1 to 1000, found 1001',
  );
});

test('under load, 100 switches mix no answer and touch no disposed pair', async () => {
  const pairs = Array.from({ length: 101 }, (_, i) => createFakePair(`1-${i + 1}`));
  const { serving, ask, retrieve } = setUp(pairs[0]);
  const answers: Promise<readonly Awaited<ReturnType<typeof ask>>[]>[] = [];
  for (const [i, pair] of pairs.slice(1).entries()) {
    for (let n = 0; n < 5; n++) answers.push(ask({ userId: 'known' }).then((answer) => [answer]));
    const requests = [{}, { userId: 'known' }, {}].map((request) => RetrieveRequest.fromPartial(request));
    answers.push(retrieve.batch({ requests }, never).then(({ responses }) => responses));
    if (i % 2 === 0) await new Promise(setImmediate); // switch before as well as during the searches
    serving.replace(pair);
  }
  for (const batch of await Promise.all(answers)) {
    const [{ modelVersion }] = batch;
    for (const answer of batch) {
      expect(answer).toMatchObject({ modelVersion, indexVersion: `${modelVersion}.1`, degraded: false });
      const fromIndex = answer.candidates.filter(({ itemId }) => !itemId.startsWith('p'));
      expect(fromIndex).toHaveLength(20);
      const sequence = modelVersion.split('-')[1];
      for (const { itemId } of fromIndex) expect(itemId.startsWith(`${modelVersion}/${sequence}/`)).toBe(true);
    }
  }
  await serving.close();
  expect(pairs.every(({ index }) => (index as FakeIndex).closed)).toBe(true);
});
