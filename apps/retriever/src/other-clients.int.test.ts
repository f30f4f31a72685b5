import { execFile, spawnSync } from 'node:child_process';
import { cpSync, existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';

import { status } from '@grpc/grpc-js';
import { createRandom } from '@gatehouse/domain';
import { waitFor } from '@gatehouse/runtime';
import { createCleanup, createTemporaryFolder } from '@gatehouse/testing';

import { validCase } from './fuzz/fuzz-cases.fixture';
import { openRawCalls } from './fuzz/raw-calls.fixture';
import { type FuzzedRetriever, startFuzzed } from './fuzz/start-fuzzed.fixture';

jest.setTimeout(60_000);

const root = resolve(__dirname, '../../..');
const run = promisify(execFile);
const bin = (name: string) => join(root, 'node_modules/.bin', name);

/** A test that needs a command, which is skipped with one line where it is not there. */
function testWith(command: string, ...args: readonly string[]): jest.It {
  if (spawnSync(command, args).status === 0) return test;
  process.stderr.write(`${command} ${args.join(' ')}: not here, so what needs it is skipped\n`);
  return test.skip;
}

/** An interpreter that has grpcio-tools; `GATEHOUSE_PYTHON` names another than the one on the path. */
const python = process.env['GATEHOUSE_PYTHON'] ?? 'python3';

const cleanup = createCleanup();
let retriever: FuzzedRetriever;
let address: string;
beforeAll(async () => {
  retriever = await startFuzzed();
  cleanup.add(() => retriever.end().then(() => undefined));
  address = `127.0.0.1:${retriever.port}`;
  const calls = openRawCalls(retriever.port);
  const isServing = async () => (await calls.call(validCase(createRandom('first', 1)).call)).code === status.OK;
  await waitFor(isServing, { what: 'the first version', timeoutMs: 20_000, everyMs: 20 });
  calls.close();
});
afterAll(() => cleanup.run());

/** Arguments of every `grpcurl` of docs/clients.md, as a shell splits them. */
function grpcurlCommands(): readonly (readonly string[])[] {
  const blocks = readFileSync(join(root, 'docs/clients.md'), 'utf8').matchAll(/```sh\n(.*?)```/gs);
  const script = Array.from(blocks, ([, block]) => block).join('\n');
  const shown = String.raw`grpcurl() { printf '%s\0' "$@"; printf '\0'; }; cat() { echo token; }; ${script}`;
  const { stdout } = spawnSync('sh', ['-c', shown], { encoding: 'utf8' });
  return stdout
    .split('\0\0')
    .slice(0, -1)
    .map((command) => command.split('\0'));
}

/** What an answer to any method has. */
function answerOf(method: string | undefined): unknown {
  const candidates = expect.arrayContaining([expect.objectContaining({ itemId: expect.any(String) as string })]) as [];
  const answer: unknown = expect.objectContaining({ candidates, modelVersion: '1-1', indexVersion: '1-1.1' });
  return method?.endsWith('BatchRetrieve') ? { responses: [answer, answer] } : answer;
}

/** The value that follows a flag. */
function valueOf(command: readonly string[], flag: string): string {
  expect(command).toContain(flag);
  return command[command.indexOf(flag) + 1];
}

describe('docs/clients.md', () => {
  const commands = grpcurlCommands();
  const calls = commands.filter((command) => command.includes('-d'));

  it('has a call of every method, one over TLS, and a description', () => {
    expect(new Set(calls.map((call) => call.at(-1)))).toEqual(
      new Set(['Retrieve', 'BatchRetrieve', 'SimilarItems'].map((method) => `gatehouse.v1.CandidateService/${method}`)),
    );
    expect(calls.filter((call) => call.includes('-cacert'))).toHaveLength(1);
    expect(commands).toHaveLength(calls.length + 1);
  });

  it.each(commands.map((command) => [command.at(-1), command] as const))(
    '%s names files that are there',
    (_, command) => {
      const file = join(root, valueOf(command, '-import-path'), valueOf(command, '-proto'));
      expect(existsSync(file)).toBe(true);
    },
  );

  // By buf, which reads the same JSON and the same files, and is installed here.
  it.each(calls.map((call) => [call.at(-1), valueOf(call, '-d')] as const))(
    '%s is answered: %s',
    async (method, json) => {
      const args = ['curl', '--protocol', 'grpc', '--http2-prior-knowledge', '--schema', 'libs/proto', '-d', json];
      const asking = run(bin('buf'), [...args, `http://${address}/${method}`], { cwd: root });
      expect(JSON.parse((await asking).stdout)).toEqual(answerOf(method));
    },
  );

  testWith('grpcurl', '-version').each(calls.filter((call) => !call.includes('-cacert')))(
    'grpcurl gets an answer: %#',
    async (...call) => {
      const patiently: Readonly<Record<string, string>> = { '127.0.0.1:50051': address, '1': '10' }; // -max-time 1
      const args = call.map((word) => patiently[word] ?? word);
      const { stdout } = await run('grpcurl', args, { cwd: root });
      expect(JSON.parse(stdout)).toEqual(answerOf(call.at(-1)));
    },
  );
});

testWith(
  python,
  '-c',
  'import grpc_tools',
)('the Python example gets candidates, and names what is wrong', async () => {
  const folder = await createTemporaryFolder(cleanup);
  cpSync(join(root, 'examples/python/candidates.py'), join(folder, 'candidates.py'));
  const readme = readFileSync(join(root, 'examples/python/README.md'), 'utf8');
  const [, generate = ''] = /^python (-m grpc_tools.protoc .*)$/m.exec(readme) ?? [];
  await run(python, generate.replace('../../libs/proto', join(root, 'libs/proto')).split(' '), { cwd: folder });
  const ask = (...args: readonly string[]) =>
    run(python, ['candidates.py', '--address', address, '--timeout', '10', ...args], { cwd: folder });

  const { stdout } = await ask('--user', '42', '--limit', '3', '--like', '50');
  const lines = stdout.trim().split('\n');
  expect(lines).toHaveLength(1 + 3 + 1 + 3);
  expect(lines[0]).toBe('model 1-1, index 1-1.1');
  expect(lines[4]).toBe('like 50');
  expect(lines[5]).toMatch(/^ {3}1 {2}\d+ +-?\d+\.\d{4} {2}two-tower$/);
  await expect(ask('--user', '42', '--limit', '5000')).rejects.toMatchObject({
    code: 1,
    stderr: 'INVALID_ARGUMENT: limit: expected 1 to 1000, found 5000\n',
  });
});
