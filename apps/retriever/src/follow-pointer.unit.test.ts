import type { Pointer } from '@gatehouse/artifacts';
import { createManualClock } from '@gatehouse/runtime';

import { followPointer } from './follow-pointer';
import { createFakeModels, createFakePair, createRecordingLogger } from './retriever.fixture';

/** Follows for a number of polls of 100 ms; `at` changes the world before a poll. */
async function follow(polls: number, at: Readonly<Record<number, Pointer | Error>>, refused: readonly string[] = []) {
  const models = createFakeModels();
  const clock = createManualClock();
  const logger = createRecordingLogger();
  const stop = new AbortController();
  const [adopted, served]: [string[], string[]] = [[], []];
  let poll = -1;
  const pointer = async (): Promise<Pointer | undefined> => {
    const change = at[++poll];
    if (change instanceof Error) throw change;
    if (change) models.point(change);
    return models.pointer();
  };
  await followPointer(
    {
      models: { pointer },
      adopt: async ({ version, indexId = '' }) => {
        adopted.push(`${poll}: ${indexId}`);
        if (refused.includes(indexId)) throw new Error('canaries differ');
        return createFakePair(version);
      },
      serve: async ({ version }) => {
        served.push(version);
      },
      pollMs: 100,
      clock,
      delay: async (ms, signal) => {
        if (poll === polls) stop.abort();
        await clock.delay(ms, signal);
      },
      logger,
    },
    stop.signal,
  );
  return { adopted, served, lines: logger.lines.map(({ line }) => line), logger };
}

const first = { version: '1-1', indexId: '1-1.1' };
const second = { version: '1-2', indexId: '1-2.1' };

test('each change of the pointer is adopted once', async () => {
  const { adopted, served, lines } = await follow(9, { 2: first, 5: second });
  expect(adopted).toEqual(['2: 1-1.1', '5: 1-2.1']);
  expect(served).toEqual(['1-1', '1-2']);
  expect(lines).toEqual(['info version.adopted', 'info version.adopted']);
});

test('another build of the same version is a change', async () => {
  const { adopted } = await follow(9, { 2: first, 5: { version: '1-1', indexId: '1-1.2' } });
  expect(adopted).toEqual(['2: 1-1.1', '5: 1-1.2']);
});

test('a refused version is logged and tried again after 1 s, then 2 s, while the old one serves', async () => {
  const { adopted, served, logger } = await follow(40, { 0: first, 3: second }, ['1-2.1']);
  expect(adopted).toEqual(['0: 1-1.1', '3: 1-2.1', '13: 1-2.1', '33: 1-2.1']);
  expect(served).toEqual(['1-1']);
  expect(logger.lines[1]).toEqual({
    line: 'error version.refused',
    fields: { modelVersion: '1-2', indexVersion: '1-2.1', reason: 'canaries differ' },
  });
});

test('a newer version does not wait for the retry of a refused one', async () => {
  const { adopted, served } = await follow(9, { 0: first, 4: second }, ['1-1.1']);
  expect(adopted).toEqual(['0: 1-1.1', '4: 1-2.1']);
  expect(served).toEqual(['1-2']);
});

test('a pointer that cannot be read changes nothing', async () => {
  const { served, lines } = await follow(5, { 0: first, 2: new Error('EIO'), 3: new Error('EIO') });
  expect(served).toEqual(['1-1']);
  expect(lines).toEqual(['info version.adopted', 'warn pointer.unreadable', 'warn pointer.unreadable']);
});
