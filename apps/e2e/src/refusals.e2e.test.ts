import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { createCleanup, createWorld, holdPort, type LogLine, type TestProcess } from '@gatehouse/testing';

import { readCheckpoint } from './read-checkpoint';
import { type AppName, createWorkspace, type Workspace } from './workspace';

jest.setTimeout(60_000);

const world = createWorld({ seed: 23, users: 20, items: 40, groups: 2, events: 200 });

const cleanup = createCleanup();
afterEach(() => cleanup.run());

let workspace: Workspace;
beforeEach(async () => {
  workspace = await createWorkspace(cleanup);
});

async function flipBit(file: string): Promise<void> {
  const bytes = await readFile(file);
  bytes[bytes.length >> 1] ^= 1;
  await writeFile(file, bytes);
}

/** The lines that are not of the log: what a person who started the app by hand reads. */
function plainLines({ lines }: TestProcess): string[] {
  return lines.filter((line) => line['level'] === undefined).map(({ msg }) => msg);
}

describe('a damaged checkpoint', () => {
  it.each([/^table\.items(\.patch)?\.safetensors$/, /^manifest\.json$/])(
    'is refused by name, and the one before it is continued (%s)',
    async (pattern) => {
      await workspace.ingest(world.impressions, world.items);
      const settings = { PUBLISH_EVERY_EVENTS: 64, PUBLISH_AFTER_IDLE_MS: 100 };
      const isLast = ({ msg, events }: LogLine): boolean => msg === 'model.published' && events === 192;
      const learnAll = async (): Promise<TestProcess> => {
        const trainer = workspace.start('trainer', settings);
        await trainer.waitForLine(isLast, { what: 'the version of all events', timeoutMs: 30_000 });
        await trainer.kill('SIGTERM');
        return trainer;
      };
      await learnAll();
      const sound = await readCheckpoint(workspace.artifactsFolder);
      const name = sound.fileNames.find((each) => pattern.test(each))!;
      await flipBit(join(sound.folder, name));

      const { lines } = await learnAll();

      const reasons = lines.filter(({ msg }) => msg === 'checkpoint.refused').map((line) => line['reason']);
      expect(reasons).toEqual([expect.stringContaining(`version ${sound.version}: ${name}: expected`)]);
      expect(lines.find(({ msg }) => msg === 'checkpoint.resumed')).toMatchObject({
        modelVersion: '1-2',
        applied: 128,
      });
      const again = await readCheckpoint(workspace.artifactsFolder);
      expect(again.version).not.toBe(sound.version);
      expect(again.parts).toEqual(sound.parts);
    },
  );
});

describe('an environment that does not fit', () => {
  it('stops the retriever when the port is taken', async () => {
    const port = await holdPort(cleanup);

    const retriever = workspace.start('retriever', { PORT: port });

    expect(await retriever.ended).toEqual({ code: 1, signal: null });
    expect(plainLines(retriever)).toEqual([expect.stringContaining(`cannot listen on 127.0.0.1:${port}`)]);
  });

  it('stops the retriever when its certificate is not there', async () => {
    const retriever = workspace.start('retriever', { TLS_CERT_FILE: 'none.pem', TLS_KEY_FILE: 'none.key' });

    expect(await retriever.ended).toEqual({ code: 78, signal: null });
    expect(plainLines(retriever)).toEqual([
      'retriever: tls.certFile: expected a file that can be read, found none.pem: no such file or folder: none.pem (ENOENT)',
    ]);
  });

  it.each<AppName>(['trainer', 'embedder', 'retriever'])('stops the %s when a setting has no meaning', async (app) => {
    const started = workspace.start(app, { NO_SUCH_KEY: 1 });

    expect(await started.ended).toEqual({ code: 78, signal: null });
    expect(started.lines).toHaveLength(1);
    expect(started.lines[0].msg).toMatch(new RegExp(`^${app}: .*GATEHOUSE_${app.toUpperCase()}_NO_SUCH_KEY`));
  });

  it('stops the trainer when a key of its file has no meaning, and says which keys there are', async () => {
    const file = join(workspace.folder, 'trainer.yaml');
    await writeFile(file, 'publish:\n  everyEvents: 100\n  everyMinutes: 5\n');

    const trainer = workspace.start('trainer', {}, { configFile: file });

    expect(await trainer.ended).toEqual({ code: 78, signal: null });
    expect(trainer.lines).toHaveLength(1);
    expect(trainer.lines[0].msg).toContain(`${file}:3`);
    expect(trainer.lines[0].msg).toContain('everyMinutes');
    expect(trainer.lines[0].msg).toContain('everyEvents, afterIdleMs');
  });

  it('stops the retriever when nobody could prove who calls', async () => {
    const file = join(workspace.folder, 'tokens');
    await writeFile(file, 'ranker hunter2\n'); // a token in place of its hash

    const retriever = workspace.start('retriever', { ACCESS_TOKENS_FILE: file });

    expect(await retriever.ended).toEqual({ code: 78, signal: null });
    expect(retriever.lines).toHaveLength(1);
    expect(retriever.lines[0].msg).toBe(
      `retriever: access.tokens.file: cannot use ${file}: line 1: expected <name> sha256:<64 hex digits> [role ...], found something else`,
    );
  });

  it('stops the trainer when there is no schema', async () => {
    const schema = join(workspace.folder, 'none.yaml');

    const trainer = workspace.start('trainer', { SCHEMA: schema });

    expect(await trainer.ended).toEqual({ code: 78, signal: null });
    expect(trainer.lines).toHaveLength(1);
    expect(trainer.lines[0].msg).toContain(schema);
  });

  it.each<[AppName, string]>([
    ['trainer', 'LOG_FOLDER'],
    ['trainer', 'ARTIFACTS_FOLDER'],
    ['embedder', 'ARTIFACTS_FOLDER'],
    ['embedder', 'INDEX_FOLDER'],
    ['retriever', 'INDEX_FOLDER'],
  ])('stops the %s when %s is a file', async (app, key) => {
    const file = join(workspace.folder, 'not-a-folder');
    await writeFile(file, '');

    const started = workspace.start(app, { [key]: file });

    expect(await started.ended).toEqual({ code: 1, signal: null });
    expect(plainLines(started).join('\n')).toMatch(new RegExp(`^${app}: .*${file}`, 'm'));
  });
});
