import { connect } from 'node:net';

import { status } from '@grpc/grpc-js';
import { createRandom } from '@gatehouse/domain';
import { BatchRetrieveResponse, RetrieveResponse, SimilarItemsResponse } from '@gatehouse/proto';
import { waitFor } from '@gatehouse/runtime';

import { type FuzzCase, type Method, methods, nextCase, pathOf, validCase } from './fuzz-cases.fixture';
import { pick } from './random-request.fixture';
import { openRawCalls, type RawAnswer, type RawCalls } from './raw-calls.fixture';
import { type FuzzedRetriever, startFuzzed } from './start-fuzzed.fixture';

/** Calls in all; `FUZZ_REQUESTS` has another number. */
const callCount = Number(process.env['FUZZ_REQUESTS'] ?? 10_000);
const seed = Number(process.env['FUZZ_SEED'] ?? 18);
const connectionCount = 320;
const batchSize = 500;
const atATime = 32;
const mostGrowthBytes = 64 * 1024 * 1024;

/** After so many, what is only made once is there. */
const warmUpCalls = Math.min(2000, callCount);

jest.setTimeout(60_000 + 5 * callCount);

let retriever: FuzzedRetriever;
let calls: RawCalls;
beforeAll(async () => {
  retriever = await startFuzzed();
  calls = openRawCalls(retriever.port);
  const isServing = async () => (await calls.call(validCase(createRandom('first', 1)).call)).code === status.OK;
  await waitFor(isServing, { what: 'the first version', timeoutMs: 20_000, everyMs: 20 });
});
afterAll(async () => {
  calls.close();
  expect(await retriever.end()).toBe(0);
});

const responses = {
  Retrieve: RetrieveResponse,
  BatchRetrieve: BatchRetrieveResponse,
  SimilarItems: SimilarItemsResponse,
};

/** What is wrong with an answer, or undefined. */
function problemOf({ call, codes, httpStatus = 200, message }: FuzzCase, answer: RawAnswer): string | undefined {
  if (!codes.includes(answer.code)) return `expected status ${codes.join(' or ')}, found ${answer.code ?? 'none'}`;
  const isAnswered = answer.code !== undefined || httpStatus !== 200; // or else it was given up
  if (isAnswered && answer.httpStatus !== httpStatus) return `found HTTP status ${answer.httpStatus ?? 'none'}`;
  if (message !== undefined && answer.message !== message) return `expected ${message}`;
  if (answer.message.includes('internal error')) return 'an error that the retriever does not know';
  if (answer.code === status.INVALID_ARGUMENT && !/^[\w.[\]-]+: expected .+, found .+$/s.test(answer.message))
    return 'a refusal that does not say what is wrong';
  if (answer.code !== status.OK) return undefined;
  const method = methods.find((each) => pathOf(each) === call.path) as Method;
  const answers = answersIn(method, answer.body.subarray(5));
  if (answers.some(({ modelVersion }) => modelVersion !== '1-1')) return 'an answer without its version';
  if (answers.some(({ candidates }) => candidates.some(({ score }) => !Number.isFinite(score))))
    return 'a score that is no number';
  return answers.some(({ candidates }) => new Set(candidates.map(({ itemId }) => itemId)).size !== candidates.length)
    ? 'an item that comes twice'
    : undefined;
}

function answersIn(method: Method, body: Buffer): readonly Pick<RetrieveResponse, 'candidates' | 'modelVersion'>[] {
  const response = responses[method].decode(body);
  return 'responses' in response ? response.responses : [response];
}

test(`none of ${callCount} calls, well and badly formed, breaks the retriever (seed ${seed})`, async () => {
  const random = createRandom('fuzz', seed);
  const problems: string[] = [];
  const counts = new Map<string, number>();
  const ask = async (each: FuzzCase): Promise<RawAnswer> => {
    const answer = await calls.call(each.call);
    const problem = problemOf(each, answer);
    const code = answer.code === undefined ? 'none' : status[answer.code];
    counts.set(code, (counts.get(code) ?? 0) + 1);
    if (problem)
      problems.push(
        `${each.what}: ${problem}; got ${code} ${answer.message}, for ${Buffer.from(each.call.body).toString('hex').slice(0, 2000)}`,
      );
    return answer;
  };
  const askMany = async (count: number, next: () => FuzzCase): Promise<void> => {
    let left = count;
    await Promise.all(
      Array.from({ length: atATime }, async () => {
        while (left-- > 0) await ask(next());
      }),
    );
  };
  let before = 0;
  for (let done = 0; done < callCount; done += batchSize) {
    await askMany(Math.min(batchSize, callCount - done), () => nextCase(random));
    await askMany(1, () => ({ ...validCase(random), what: `healthy, after ${done + batchSize}` }));
    expect(problems.slice(0, 5)).toEqual([]);
    if (done < warmUpCalls && done + batchSize >= warmUpCalls) before = (await retriever.report()).rssBytes;
  }
  const { rssBytes, uncaught, complaints } = await retriever.report();
  expect(uncaught).toEqual([]);
  expect(complaints).toEqual([]);
  expect(rssBytes - before).toBeLessThanOrEqual(mostGrowthBytes);
  // Most calls get past the first check, and every kind of answer has come.
  expect(counts.get('OK')).toBeGreaterThan(callCount / 5);
  expect(counts.get('INVALID_ARGUMENT')).toBeGreaterThan(callCount / 5);
  for (const code of ['NOT_FOUND', 'RESOURCE_EXHAUSTED', 'UNIMPLEMENTED', 'none'])
    expect(counts.get(code)).toBeGreaterThan(0);
});

/** Sends bytes over a connection of their own. The server either ends it or says something, which is enough. */
function sendOverTcp(bytes: Uint8Array): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect(retriever.port, '127.0.0.1');
    socket.on('error', () => undefined); // a reset is a fine answer
    socket.on('close', () => resolve());
    socket.on('data', () => socket.destroy()); // it would wait for the rest of a frame
    socket.end(bytes);
  });
}

test(`neither do ${connectionCount} connections that speak no HTTP/2, or break it off (seed ${seed})`, async () => {
  const random = createRandom('connections', seed);
  const noise = (length: number) => Buffer.from(Array.from({ length }, () => random.below(256)));
  const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
  const settings = Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]);
  for (let done = 0; done < connectionCount; done += atATime) {
    const all = Array.from({ length: atATime }, () =>
      pick(random, [
        noise(1 + random.below(200)),
        Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n'),
        preface.subarray(0, random.below(preface.length)),
        Buffer.concat([preface, noise(random.below(200))]),
        // A frame of a random type and length after good settings.
        Buffer.concat([preface, settings, Buffer.from([0, 0, random.below(64), random.below(16)]), noise(64)]),
      ]),
    );
    await Promise.all(all.map(sendOverTcp));
  }
  expect((await calls.call(validCase(random).call)).code).toBe(status.OK);
  const { uncaught, complaints } = await retriever.report();
  expect([uncaught, complaints]).toEqual([[], []]);
});
