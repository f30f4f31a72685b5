import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';

import { Server, ServerCredentials, status } from '@grpc/grpc-js';
import { type CandidateServiceServer, CandidateServiceService, RetrieveResponse } from '@gatehouse/proto';

jest.setTimeout(60_000);

const root = resolve(__dirname, '../../..');
const run = promisify(execFile);
const node = (cwd: string, ...args: readonly string[]) => run(process.execPath, args, { cwd });

/** A project that has nothing but the built package, what that depends on, and the types of Node. */
let project: string;
let built: string;
let server: Server;
let port: number;

beforeAll(async () => {
  project = mkdtempSync(join(tmpdir(), 'client-'));
  built = join(project, 'node_modules/@gatehouse/client');
  mkdirSync(dirname(built), { recursive: true });
  await node(root, 'tools/build-package.mjs', 'libs/client', built);
  const { dependencies } = manifest();
  for (const name of [...Object.keys(dependencies), '@types/node', 'undici-types']) {
    mkdirSync(dirname(join(project, 'node_modules', name)), { recursive: true });
    symlinkSync(join(root, 'node_modules', name), join(project, 'node_modules', name));
  }

  server = new Server();
  const refuse = { code: status.INVALID_ARGUMENT, details: 'limit: expected 1 to 1000, found 5000' };
  const handlers: CandidateServiceServer = {
    retrieve: ({ request }, reply) =>
      request.limit > 1000 ? reply(refuse) : reply(null, RetrieveResponse.fromPartial({ modelVersion: '1-1' })),
    batchRetrieve: (_, reply) => reply(refuse),
    similarItems: (_, reply) => reply(refuse),
  };
  server.addService(CandidateServiceService, handlers);
  port = await new Promise<number>((bound, reject) =>
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, at) =>
      error ? reject(error) : bound(at),
    ),
  );
});

afterAll(() => {
  server.forceShutdown();
  rmSync(project, { recursive: true });
});

interface BuiltManifest {
  readonly dependencies: Readonly<Record<string, string>>;
  readonly [field: string]: unknown;
}
const manifest = () => JSON.parse(readFileSync(join(built, 'package.json'), 'utf8')) as BuiltManifest;

test('its manifest is that of a package for others', () => {
  expect(manifest()).toMatchObject({
    name: '@gatehouse/client',
    version: '0.1.0',
    type: 'module',
    license: expect.any(String) as string,
    description: expect.any(String) as string,
    dependencies: { '@bufbuild/protobuf': expect.stringMatching(/^\^2\./) as string, '@grpc/grpc-js': '^1.14.7' },
  });
  expect(manifest()).not.toHaveProperty('private');
});

test('it holds code, types and README, and neither tests nor sources', async () => {
  const { stdout } = await run('npm', ['pack', '--dry-run', '--json'], { cwd: built });
  const [{ files }] = JSON.parse(stdout) as [{ files: readonly { readonly path: string }[] }];
  const paths = files.map(({ path }) => path);
  expect(paths).toEqual(
    expect.arrayContaining(['README.md', 'index.js', 'package.json', 'types/client/src/index.d.ts']),
  );
  expect(paths.filter((path) => !/^(README\.md|index\.js|package\.json|types\/.*\.d\.ts)$/.test(path))).toEqual([]);
  expect(paths.filter((path) => path.includes('test'))).toEqual([]);
});

const program = (load: string) => `
  ${load}
  const client = createCandidateClient({ address: '127.0.0.1:${port}' });
  (async () => {
    const { modelVersion } = await client.retrieve({ userId: '42' });
    const error = await client.retrieve({ limit: 5000 }).catch((error) => error);
    console.log(JSON.stringify([modelVersion, error instanceof InvalidQueryError, error.field]));
    client.close();
  })();
`;

test.each([
  ['import', 'main.mjs', `import { createCandidateClient, InvalidQueryError } from '@gatehouse/client';`],
  ['require', 'main.cjs', `const { createCandidateClient, InvalidQueryError } = require('@gatehouse/client');`],
])('it answers a program that loads it by %s', async (_, file, load) => {
  writeFileSync(join(project, file), program(load));
  const { stdout } = await node(project, '--no-warnings', file); // Node 20 warns of modules by require
  expect(JSON.parse(stdout)).toEqual(['1-1', true, 'limit']);
});

/** Programs in TypeScript of a page. */
const programsOf = (page: string): string[] =>
  Array.from(readFileSync(page, 'utf8').matchAll(/```ts\n(.*?)```/gs), ([, program]) => program);

test('the examples of README and docs/clients.md compile against its types, all of which are checked', async () => {
  const [example, ...others] = programsOf(join(built, 'README.md')).concat(programsOf(join(root, 'docs/clients.md')));
  expect(others).toHaveLength(3);
  const files = [example, ...others, example.replace('limit: 10', "limit: 'ten'")].map((program, i, { length }) => {
    const file = i === length - 1 ? 'wrong.mts' : `example-${i}.mts`;
    writeFileSync(join(project, file), program);
    return file;
  });
  const options = [
    '--noEmit',
    '--strict',
    '--exactOptionalPropertyTypes',
    '--module',
    'nodenext',
    '--target',
    'es2022',
  ];
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  const compiling = node(project, tsc, ...options, '--types', 'node', ...files);
  const found = await compiling.then(
    () => 'no mistake',
    (error: unknown) => (error as { readonly stdout: string }).stdout,
  );
  const wrong = /^wrong\.mts\(\d+,\d+\): error TS2322: Type 'string' is not assignable to type 'number'\.$/;
  expect(found.trim().split('\n')).toEqual([expect.stringMatching(wrong)]);
});
