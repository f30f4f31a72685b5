import { writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';

import { compileSchemaFile } from '@gatehouse/schema';
import { createCleanup, createTemporaryFolder } from '@gatehouse/testing';

import { checkData, formatDataReport } from './check-data';

const cleanup = createCleanup();
afterEach(() => cleanup.run());

const schemaFile = resolve(__dirname, '../../../../config/movielens.yaml');
const silent = () => (): void => undefined;
const { signal } = new AbortController();

async function files(events: readonly string[], items: readonly string[]) {
  const folder = await createTemporaryFolder(cleanup);
  const write = async (name: string, lines: readonly string[]): Promise<string> => {
    await writeFile(join(folder, name), `${lines.join('\n')}\n`);
    return join(folder, name);
  };
  return { events: await write('events.csv', events), items: await write('items.csv', items) };
}

describe('checkData', () => {
  it('reports what is in the files, bad rows left out', async () => {
    const data = await files(
      [
        'user,item,timestamp,action',
        'ann,1,100,rating',
        'ann,1,100,rating',
        'bob,2,100,shown',
        'bob,,100,rating',
        'cid,3,5,wink',
      ],
      ['item,shop', '1,main', '2,main', '3,main', '4,main', 'x,main', 'X,main'],
    );
    const report = await checkData(data, await compileSchemaFile(schemaFile), silent, signal);
    expect(report).toMatchObject({ events: 3, items: 6 });
    expect(report.findings.map(({ kind, count }) => `${kind} ${count}`)).toEqual([
      'constant-feature 1',
      'look-alike-item-ids 1',
      'duplicate-events 1',
      'actions-without-weight 1',
      'unknown-actions 1',
    ]);
    expect(formatDataReport(report).split('\n')).toHaveLength(6);
    expect(formatDataReport(report)).toContain('  1 events that are there twice (50.0 %): each is learned twice');
  });

  it('has nothing to say of sound data, and ends at an abort', async () => {
    const data = await files(['user,item,timestamp,action', 'ann,1,100,rating', 'ann,2,101,rating'], ['item', '1']);
    const schema = await compileSchemaFile(schemaFile);
    expect(formatDataReport(await checkData(data, schema, silent, signal))).toBe(
      'checked 2 events and 1 items: nothing to remark',
    );
    await expect(checkData(data, schema, silent, AbortSignal.abort())).rejects.toThrow('aborted');
  });
});
