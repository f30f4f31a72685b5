import type { CandidateClient } from '@gatehouse/client';
import { RetrieveResponse } from '@gatehouse/proto';
import { createManualClock } from '@gatehouse/runtime';
import { status } from '@grpc/grpc-js';

import type { Progress } from '../progress';
import { createFakeApp, type FakeApp } from './app.fixture';
import { AppEndedError, type AppName, start } from './start';

const answerOf = (...itemIds: string[]): RetrieveResponse =>
  RetrieveResponse.fromPartial({ modelVersion: '1-2', candidates: itemIds.map((itemId) => ({ itemId })) });
const failure = (code: status): Error => Object.assign(new Error(`code ${code}`), { code });

/** A system of fakes; `answers` are what the client is given, the last one for good. */
function setUp(answers: readonly (RetrieveResponse | Error)[] = [answerOf('i1')], events = 250) {
  const clock = createManualClock();
  const apps: Partial<Record<AppName, FakeApp>> = {};
  const stopped: string[] = [];
  const printed: string[] = [];
  const asked: unknown[] = [];
  const stop = new AbortController();
  const progress: Progress = {
    begin: () => ({ update: () => undefined, end: () => undefined }),
    print: (line) => printed.push(line),
    end: () => undefined,
  };
  const client: Pick<CandidateClient, 'retrieve'> = {
    retrieve: async (query) => {
      asked.push(query);
      const answer = answers[Math.min(asked.length, answers.length) - 1];
      if (answer instanceof Error) throw answer;
      return answer;
    },
  };
  let sleeps = 0;
  /** What happens while start() waits, one step a sleep. */
  const script: (() => void)[] = [];
  const running = () =>
    start({
      startApp: (name, onLine) => (apps[name] = createFakeApp(name, onLine, () => stopped.push(name))),
      stopTimeoutMs: 1000,
      fillLog: () => Promise.resolve(events),
      client: client as CandidateClient,
      userId: '42',
      batchSize: 100,
      progress,
      elapsedMs: () => clock.monotonicMs(),
      sleep: async (ms, signal) => {
        signal.throwIfAborted();
        clock.advance(ms);
        script[sleeps++]?.();
        await new Promise(setImmediate);
        if (sleeps > 100) throw new Error('expected start() to end within 100 sleeps');
      },
      signal: stop.signal,
    });
  const log = (name: AppName, msg: string, fields: object = {}): void => apps[name]?.log({ msg, ...fields });
  return { running, apps, script, stopped, printed, asked, stop, log };
}

/** Two batches of 100, each with a version. */
function learnAll({ script, log }: ReturnType<typeof setUp>): void {
  for (const [i, hits] of [10, 40].entries()) {
    const modelVersion = `1-${i + 1}`;
    const applied = 100 * (i + 1);
    script.push(
      () => log('trainer', 'impressions.learned', { applied, evaluated: applied, hits, popularityHits: 5, loss: 3 }),
      () => log('trainer', 'model.published', { modelVersion, events: applied, loss: 3 - i, recallAt10: 0.25 }),
      () => log('embedder', 'index.servable', { modelVersion, indexSize: 9 }),
      () => log('retriever', 'version.adopted', { modelVersion }),
    );
  }
}

describe('start', () => {
  it('follows all events until their version serves', async () => {
    const system = setUp();
    learnAll(system);
    const { report, answer, stop } = await system.running();
    expect(answer).toEqual(answerOf('i1'));
    // Each sleep is 50 ms. The first version is adopted in the fourth; then the first candidates come at once.
    expect(report).toEqual({
      events: 250,
      secondsToFirstCandidates: 0.2,
      // Half of 250 is reached by the batch that ends at 200, the last one: nothing was scored after it.
      recallAt10: null,
      popularityRecallAt10: null,
      versions: [
        { id: '1-1', events: 100, loss: 3, recallAt10: 0.25, popularityRecallAt10: null, indexSize: 9, seconds: 0.1 },
        { id: '1-2', events: 200, loss: 2, recallAt10: 0.25, popularityRecallAt10: null, indexSize: 9, seconds: 0.1 },
      ],
      phases: [
        { name: 'log filled', seconds: 0 },
        { name: 'first candidates', seconds: 0.2 },
        { name: 'all events served', seconds: 0.4 },
      ],
    });
    expect(system.printed).toEqual([
      'version 1-1: 100 events, loss 3.000, recall@10 0.2500 (popularity -), 9 items, served after 0.1 s',
      'first candidates after 0.2 s',
      'version 1-2: 200 events, loss 2.000, recall@10 0.2500 (popularity -), 9 items, served after 0.1 s',
    ]);
    expect(system.asked).toEqual([
      { userId: '42', limit: 10, excludeSeen: false },
      { userId: '42', limit: 10, excludeSeen: true },
    ]);
    expect(system.stopped).toEqual([]);
    await stop();
    expect(system.stopped).toEqual(['retriever', 'embedder', 'trainer']);
  });

  it('reports recall over the second half of the stream', async () => {
    const system = setUp([answerOf('i1')], 200);
    learnAll(system);
    const { report } = await system.running();
    // Hits grow from 10 to 40 over the 100 events from 100 to 200; those of popularity do not grow.
    expect(report).toMatchObject({ recallAt10: 0.3, popularityRecallAt10: 0 });
  });

  it('asks nobody before its own retriever has adopted a version', async () => {
    const system = setUp();
    const { script, log, asked } = system;
    script.push(
      () => log('trainer', 'checkpoint.resumed', { applied: 200 }),
      () => expect(asked).toEqual([]),
      () => log('retriever', 'version.adopted', { modelVersion: '1-1' }),
    );
    expect((await system.running()).report).toMatchObject({ secondsToFirstCandidates: 0.15, versions: [] });
  });

  it('asks again while the retriever is not ready, is slow or has nothing', async () => {
    const system = setUp([
      failure(status.UNAVAILABLE),
      failure(status.DEADLINE_EXCEEDED),
      answerOf(),
      answerOf('i1'),
      failure(status.DEADLINE_EXCEEDED),
      answerOf('i2'),
    ]);
    learnAll(system);
    expect((await system.running()).answer).toEqual(answerOf('i2'));
    expect(system.asked).toHaveLength(6);
  });

  it('ends with any other failure of the client, and stops the apps', async () => {
    const system = setUp([failure(status.INVALID_ARGUMENT)]);
    learnAll(system);
    await expect(system.running()).rejects.toThrow('code 3');
    expect(system.stopped).toEqual(['retriever', 'embedder', 'trainer']);
  });

  it('waits for nothing when the events fill no batch', async () => {
    const system = setUp([answerOf('i1')], 99);
    const { report, answer } = await system.running();
    expect(answer).toBeUndefined();
    expect(report).toMatchObject({ events: 99, secondsToFirstCandidates: null, versions: [] });
    expect(system.asked).toEqual([]);
  });

  it('starts no app when the log cannot be filled', async () => {
    const system = setUp();
    const filling = start({
      ...({} as Parameters<typeof start>[0]),
      fillLog: () => Promise.reject(new Error('no such file')),
    });
    await expect(filling).rejects.toThrow('no such file');
    expect(system.apps).toEqual({});
  });

  it('ends with the last words of an app that dies, and stops the others', async () => {
    const system = setUp();
    system.script.push(
      () => system.log('retriever', 'a warning', { level: 'warn' }),
      () => system.log('retriever', 'retriever: port in use: 127.0.0.1:50051 (EADDRINUSE)', { level: 'error' }),
      () => system.apps.retriever?.end({ code: 1, signal: null }),
    );
    const error = await system.running().catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(AppEndedError);
    expect(error).toMatchObject({
      app: 'retriever',
      logFile: 'retriever.log',
      message: 'retriever ended by code 1: port in use: 127.0.0.1:50051 (EADDRINUSE); its log is retriever.log',
    });
    expect(system.stopped).toEqual(['retriever', 'embedder', 'trainer']);
  });

  it('says so when a dead app left no word', async () => {
    const system = setUp();
    system.script.push(() => system.apps.trainer?.end({ code: null, signal: 'SIGKILL' }));
    await expect(system.running()).rejects.toThrow('trainer ended by SIGKILL: without a word; its log is trainer.log');
  });

  it('tells of an app that dies while it serves, but not of those that it stops', async () => {
    const serving = setUp();
    learnAll(serving);
    const { ended } = await serving.running();
    serving.apps.embedder?.end({ code: 1, signal: null });
    await expect(ended).rejects.toThrow('embedder ended by code 1');

    const ending = setUp();
    learnAll(ending);
    const running = await ending.running();
    await running.stop();
    await expect(Promise.race([running.ended, Promise.resolve('nothing')])).resolves.toBe('nothing');
  });

  it('stops the apps when the signal aborts', async () => {
    const system = setUp();
    system.script.push(() => system.stop.abort(new Error('the user')));
    await expect(system.running()).rejects.toThrow('the user');
    expect(system.stopped).toEqual(['retriever', 'embedder', 'trainer']);
  });

  it('starts no app when the signal aborted before', async () => {
    const system = setUp();
    system.stop.abort(new Error('the user'));
    await expect(system.running()).rejects.toThrow('the user');
    expect(system.apps).toEqual({});
  });
});
