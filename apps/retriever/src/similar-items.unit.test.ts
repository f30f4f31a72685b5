import { SimilarItemsRequest } from '@gatehouse/proto';

import { CallCancelledError, UnknownItemError } from './call-errors';
import { createFakeIndex, createFakePair, createRecordingLogger, hitsOf, noTracing } from './retriever.fixture';
import { createServing } from './serving';
import { disposePair } from './serving-pair';
import { createSimilarItems } from './similar-items';

const never = new AbortController().signal;

function setUp() {
  const index = createFakeIndex('1-1.1', () => hitsOf('m', 'a', 'b', 'c'));
  const serving = createServing(disposePair);
  serving.replace(createFakePair('1-1', { index }));
  const similar = createSimilarItems({
    serving,
    effortOf: () => 0,
    tracing: noTracing,
    logger: createRecordingLogger(),
  });
  return {
    index: index,
    ask: (request: Partial<SimilarItemsRequest>, signal = never) =>
      similar(SimilarItemsRequest.fromPartial(request), signal),
  };
}

test('the neighbours of an item are found by its own vector, without itself and what is excluded', async () => {
  const { index, ask } = setUp();
  const answer = await ask({ itemId: 'm', limit: 2, excludeItemIds: ['a'] });
  expect(answer).toMatchObject({ modelVersion: '1-1', indexVersion: '1-1.1' });
  expect(answer.candidates.map(({ itemId }) => itemId)).toEqual(['b', 'c']);
  expect(index.requests).toMatchObject([{ vector: Float32Array.of(1, 0), k: 2, exclude: new Set(['m', 'a']) }]);
});

test('an item that the index does not hold is NOT_FOUND by name', async () => {
  await expect(setUp().ask({ itemId: 'gone' })).rejects.toThrow(new UnknownItemError('gone'));
});

test('a cancelled call does not search', async () => {
  const { index, ask } = setUp();
  await expect(ask({ itemId: 'm' }, AbortSignal.abort(new CallCancelledError()))).rejects.toThrow(CallCancelledError);
  expect(index.requests).toEqual([]);
});
