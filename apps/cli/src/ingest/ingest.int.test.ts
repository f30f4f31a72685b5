import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { Impression } from '@gatehouse/domain';
import { type ImpressionSink, readBacklog, userProfileFormat } from '@gatehouse/events';
import { createMemoryCompactedTopic, createMemoryItemCatalogue, createMemoryLog } from '@gatehouse/events/memory';
import { compileSchema } from '@gatehouse/schema';
import { createCleanup, createTemporaryFolder } from '@gatehouse/testing';

import { formatIngest, ingestEvents, ingestItems, ingestProfiles } from './ingest';

const schema = compileSchema(
  `
actions: { click: { weight: 1 }, shown: { weight: 0 } }
attributes: { year: number }
userState: { seenLimit: 10 }
tables: { ids: { dimension: 4 }, genres: { dimension: 4 } }
query: { features: [{ name: user, kind: id, table: ids }] }
candidate: { features: [{ name: genres, kind: categories, table: genres }] }
outputDimension: 4
`,
  'schema.yaml',
);

const cleanup = createCleanup();
let folder: string;
beforeEach(async () => {
  folder = await createTemporaryFolder(cleanup);
});
afterEach(() => cleanup.run());

async function write(name: string, lines: readonly string[]): Promise<string> {
  const file = join(folder, name);
  await writeFile(file, lines.map((line) => `${line}\n`).join(''));
  return file;
}

/** Doubles of log and catalogue, and the sizes of what was appended at once. */
function createTarget() {
  const log = createMemoryLog();
  const catalogue = createMemoryItemCatalogue();
  const profiles = createMemoryCompactedTopic(userProfileFormat);
  const batches: number[] = [];
  const impressions: ImpressionSink = {
    append: async (events) => {
      batches.push(events.length);
      await log.sink.append(events);
    },
  };
  return { schema, catalogue, profiles, impressions, batches, source: log.source };
}

async function eventsOf({ source }: ReturnType<typeof createTarget>): Promise<Impression[]> {
  const events: Impression[] = [];
  for await (const event of readBacklog(source)) events.push(event);
  return events;
}

const header = 'user,item,timestamp,action';
const noBytes = (): void => undefined;
const { signal } = new AbortController();

describe('ingestEvents', () => {
  it('appends in the order of the file, a thousand at a time, and tells the bytes', async () => {
    const rows = Array.from({ length: 2001 }, (_, i) => `u${i % 7},i${i % 5},${2001 - i},click`);
    const file = await write('events.csv', [header, ...rows]);
    const target = createTarget();
    const told: [number, number][] = [];
    const result = await ingestEvents(file, target, (done, total) => told.push([done, total]), signal);
    expect(result).toEqual({ file, accepted: 2001, rejected: 0, rejections: [] });
    expect((await eventsOf(target)).map(({ eventTimeMs }) => eventTimeMs / 1000)).toEqual(rows.map((_, i) => 2001 - i));
    expect(target.batches).toEqual([1000, 1000, 1]);
    expect(told).toHaveLength(4);
    expect(told[0][0]).toBe(0);
    const [done, total] = told[3];
    expect(done).toBe(total);
  });

  it('counts bad rows, and shows the first ten with their lines', async () => {
    const bad = Array.from({ length: 12 }, () => 'u1,,5,click');
    const file = await write('events.csv', [header, 'u1,i1,5,click', ...bad, 'u1,i2,5,shown', 'u1,i2']);
    const target = createTarget();
    const result = await ingestEvents(file, target, noBytes, signal);
    expect(result).toEqual({
      file,
      accepted: 2,
      rejected: 13,
      rejections: Array.from({ length: 10 }, (_, i) => `line ${i + 3}: item: expected 1 to 128 bytes, found 0`),
    });
    expect((await eventsOf(target)).map(({ itemId, action }) => [itemId, action])).toEqual([
      ['i1', 'click'],
      ['i2', 'shown'],
    ]);
    expect(formatIngest(result).split('\n')).toEqual([
      `${file}: 2 accepted, 13 rejected`,
      ...result.rejections.map((rejection) => `  ${rejection}`),
      '  and 3 more',
    ]);
  });

  it('adds unknown items bare, once, and leaves known ones as they are', async () => {
    const known = { itemId: 'i1', features: { genres: ['a'] }, available: false };
    const target = createTarget();
    await target.catalogue.put([known]);
    const file = await write('events.csv', [header, 'u1,i2,5,click', 'u1,i1,6,click', 'u2,i2,7,click']);
    await ingestEvents(file, target, noBytes, signal);
    expect(await target.catalogue.snapshot()).toEqual({
      values: [known, { itemId: 'i2', features: {}, available: true }],
      offset: 2,
    });
  });

  it('refuses what readers of the log would refuse', async () => {
    const loneSurrogate = JSON.stringify({ user: '\ud800', item: 'i1', timestamp: 5, action: 'click' });
    const target = createTarget();
    const result = await ingestEvents(await write('events.jsonl', [loneSurrogate]), target, noBytes, signal);
    expect(result.rejections).toEqual(['line 1: userId: expected Unicode text, found half of a surrogate pair']);
    expect(await target.catalogue.snapshot()).toEqual({ values: [], offset: 0 });
  });

  it('makes the same events of the same file', async () => {
    const file = await write('events.csv', [header, 'u1,i1,5,click', 'u1,i1,6,click']);
    const target = createTarget();
    await ingestEvents(file, target, noBytes, signal);
    await ingestEvents(file, target, noBytes, signal);
    const [first, second, ...again] = await eventsOf(target);
    expect(first.eventId).not.toBe(second.eventId);
    expect(again).toEqual([first, second]);
  });

  it('stops at a log that cannot be written', async () => {
    const impressions = { append: () => Promise.reject(new Error('disk full')) };
    const file = await write('events.csv', [header, 'u1,i1,5,click']);
    await expect(ingestEvents(file, { ...createTarget(), impressions }, noBytes, signal)).rejects.toThrow('disk full');
  });
});

describe('ingestItems', () => {
  it('writes features by the kinds of the schema', async () => {
    const file = await write('items.csv', [
      'item,title,genres,year',
      'i1,Heat,Crime|Drama,1995',
      'i2,,,',
      'i3,x,,soon',
    ]);
    const target = createTarget();
    const result = await ingestItems(file, target, noBytes, signal);
    expect(result.rejections).toEqual(['line 4: year: expected a number, found "soon"']);
    expect((await target.catalogue.snapshot()).values).toEqual([
      { itemId: 'i1', features: { title: 'Heat', genres: ['Crime', 'Drama'], year: 1995 }, available: true },
      { itemId: 'i2', features: {}, available: true },
    ]);
  });

  it('refuses what readers of the catalogue would refuse, and goes on', async () => {
    const file = await write('items.csv', [
      'item,text',
      `i1,${'x'.repeat(16_385)}`,
      `i2,${'x'.repeat(65_536)}`,
      'i3,short',
    ]);
    const target = createTarget();
    const result = await ingestItems(file, target, noBytes, signal);
    expect(result.rejections).toEqual([
      'line 2: features: text: expected at most 16384 characters, found 16385',
      expect.stringMatching(/^line 3: item: expected at most 65536 bytes, found 655\d\d/),
    ]);
    expect((await target.catalogue.snapshot()).values.map(({ itemId }) => itemId)).toEqual(['i3']);
  });
});

describe('formatIngest', () => {
  it('is one line when nothing was rejected', () => {
    expect(formatIngest({ file: 'a.csv', accepted: 3, rejected: 0, rejections: [] })).toBe(
      'a.csv: 3 accepted, 0 rejected',
    );
  });
});

describe('ingestProfiles', () => {
  it('writes features by the kinds that the query tower reads', async () => {
    const text = `
actions: { click: { weight: 1 } }
tables: { ids: {}, ages: {} }
query: { features: [{ name: age, kind: number, table: ages, boundaries: [30] }] }
candidate: { features: [{ name: item, kind: id, table: ids }] }
`;
    const target = { ...createTarget(), schema: compileSchema(text, 'schema.yaml') };
    const file = await write('users.csv', ['user,age,country', 'u1,41,nz', 'u2,old,nz', 'u3,,']);
    const result = await ingestProfiles(file, target, noBytes, signal);
    expect(result.rejections).toEqual(['line 3: age: expected a number, found "old"']);
    expect((await target.profiles.snapshot()).values).toEqual([
      { userId: 'u1', features: { age: 41, country: 'nz' } },
      { userId: 'u3', features: {} },
    ]);
  });
});
