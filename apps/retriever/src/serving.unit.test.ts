import { createFakePair } from './retriever.fixture';
import { createServing, NotServingError } from './serving';
import type { ServingPair } from './serving-pair';

function setUp() {
  const disposed: string[] = [];
  const serving = createServing(async ({ version }: ServingPair) => {
    disposed.push(version);
  });
  return { serving, disposed };
}

/** A call that lasts until it is told to end. */
function startCall(serving: ReturnType<typeof createServing>) {
  let end: () => void = () => undefined;
  const call = serving.use(async ({ version }) => {
    await new Promise<void>((resolve) => (end = resolve));
    return version;
  });
  return { call, end: () => end() };
}

test('nothing is served before the first pair and after the end', async () => {
  const { serving } = setUp();
  await expect(serving.use(async () => 1)).rejects.toThrow(NotServingError);
  serving.replace(createFakePair('1-1'));
  await expect(serving.use(async () => 1)).resolves.toBe(1);
  await serving.close();
  await expect(serving.use(async () => 1)).rejects.toThrow(NotServingError);
});

test('a pair without calls is disposed when it is replaced, never before', () => {
  const { serving, disposed } = setUp();
  serving.replace(createFakePair('1-1'));
  expect(disposed).toEqual([]);
  serving.replace(createFakePair('1-2'));
  expect(disposed).toEqual(['1-1']);
});

test('a replaced pair lives until its last call has ended, and its calls keep it', async () => {
  const { serving, disposed } = setUp();
  serving.replace(createFakePair('1-1'));
  const [first, second] = [startCall(serving), startCall(serving)];
  serving.replace(createFakePair('1-2'));
  const third = startCall(serving);
  first.end();
  expect(await first.call).toBe('1-1');
  expect(disposed).toEqual([]);
  second.end();
  expect(await second.call).toBe('1-1');
  expect(disposed).toEqual(['1-1']);
  third.end();
  expect(await third.call).toBe('1-2');
  expect(disposed).toEqual(['1-1']);
});

test('a call that fails gives its pair back', async () => {
  const { serving, disposed } = setUp();
  serving.replace(createFakePair('1-1'));
  await expect(serving.use(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
  serving.replace(createFakePair('1-2'));
  expect(disposed).toEqual(['1-1']);
});

test('closing waits for the calls of every pair', async () => {
  const { serving, disposed } = setUp();
  serving.replace(createFakePair('1-1'));
  const old = startCall(serving);
  serving.replace(createFakePair('1-2'));
  const young = startCall(serving);
  let closed = false;
  const closing = serving.close().then(() => (closed = true));
  old.end();
  await old.call;
  expect(closed).toBe(false);
  young.end();
  await closing;
  expect(disposed.sort()).toEqual(['1-1', '1-2']);
});
