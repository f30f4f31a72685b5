import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { z } from 'zod';

import { ConfigError } from './config-error';
import { readYamlFile } from './read-yaml-file';

const type = z.strictObject({ port: z.int() });

describe('readYamlFile', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'read-yaml-file-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('reads a file, with overrides', async () => {
    const file = join(folder, 'app.yaml');
    await writeFile(file, 'port: 1\n');
    await expect(readYamlFile(file, type)).resolves.toEqual({ port: 1 });
    await expect(readYamlFile(file, type, { prefix: 'APP_', values: { APP_PORT: '2' } })).resolves.toEqual({ port: 2 });
  });

  it('names the file that is not there, and keeps the cause', async () => {
    const error: unknown = await readYamlFile(join(folder, 'none.yaml'), type).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ConfigError);
    expect(error).toMatchObject({
      message: `${join(folder, 'none.yaml')}: expected a readable file`,
      cause: { code: 'ENOENT' },
    });
  });
});
