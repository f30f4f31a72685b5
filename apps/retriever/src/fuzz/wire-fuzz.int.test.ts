import { status } from '@grpc/grpc-js';
import { createRandom } from '@gatehouse/domain';
import { BatchRetrieveResponse, RetrieveResponse, SimilarItemsResponse } from '@gatehouse/proto';
import { waitFor } from '@gatehouse/runtime';
import { createCleanup } from '@gatehouse/testing';

import { type FuzzCase, type Method, methods, nextCase, pathOf, validCase } from './fuzz-cases.fixture';
import { openRawCalls, type RawAnswer } from './raw-calls.fixture';
import { startFuzzed } from './start-fuzzed.fixture';

/** Calls in all; `FUZZ_REQUESTS` has another number. */
const callCount = Number(process.env['FUZZ_REQUESTS'] ?? 10_000);
const seed = Number(process.env['FUZZ_SEED'] ?? 18);
const batchSize = 500;
const atATime = 32;
const mostGrowthBytes = 64 * 1024 * 1024;

/** After so many, what is only made once is there. */
const warmUpCalls = Math.min(2000, callCount);

jest.setTimeout(60_000 + 5 * callCount);

const cleanup = createCleanup();
afterAll(() => cleanup.run());

const responses = {
  Retrieve: RetrieveResponse,
  BatchRetrieve: BatchRetrieveResponse,
  SimilarItems: SimilarItemsResponse,
};

/** What is wrong with an answer, or undefined. */
function problemOf({ call, codes, httpStatus = 200, message }: FuzzCase, answer: RawAnswer): string | undefined {
  if (!codes.includes(answer.code)) return `expected status ${codes.join(' or ')}, found ${answer.code ?? 'none'}`;
  if (answer.code !== undefined && answer.httpStatus !== httpStatus) return `found HTTP status ${answer.httpStatus}`;
  if (message !== undefined && answer.message !== message) return `expected ${message}`;
  if (answer.message.includes('internal error')) return 'an error that the retriever does not know';
  if (answer.code === status.INVALID_ARGUMENT && !/^[\w.[\]-]+: expected .+, found .+$/s.test(answer.message))
    return 'a refusal that does not say what is wrong';
  if (answer.code !== status.OK) return undefined;
  const method = methods.find((each) => pathOf(each) === call.path) as Method;
  const answers = answersIn(method, answer.body.subarray(5));
  if (answers.some(({ modelVersion }) => modelVersion !== '1-1')) return 'an answer without its version';
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
  const retriever = await startFuzzed();
  cleanup.add(() => void retriever.end());
  const calls = openRawCalls(retriever.port);
  cleanup.add(() => calls.close());
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
  const isServing = async () => (await calls.call(validCase(createRandom('first', 1)).call)).code === status.OK;
  await waitFor(isServing, { what: 'the first version', timeoutMs: 20_000, everyMs: 20 });

  let before = 0;
  for (let done = 0; done < callCount; done += batchSize) {
    await askMany(Math.min(batchSize, callCount - done), () => nextCase(random));
    await askMany(1, () => ({ ...validCase(random), what: `healthy, after ${done + batchSize}` }));
    expect(problems.slice(0, 5)).toEqual([]);
    if (done < warmUpCalls && done + batchSize >= warmUpCalls) before = (await retriever.report()).rssBytes;
  }
  const { rssBytes, uncaught, complaints } = await retriever.report();
  calls.close();
  expect(await retriever.end()).toBe(0);
  expect(uncaught).toEqual([]);
  expect(complaints).toEqual([]);
  expect(rssBytes - before).toBeLessThanOrEqual(mostGrowthBytes);
  // Most calls get past the first check, and every kind of answer has come.
  expect(counts.get('OK')).toBeGreaterThan(callCount / 5);
  expect(counts.get('INVALID_ARGUMENT')).toBeGreaterThan(callCount / 5);
  for (const code of ['NOT_FOUND', 'RESOURCE_EXHAUSTED', 'UNIMPLEMENTED', 'none'])
    expect(counts.get(code)).toBeGreaterThan(0);
});
