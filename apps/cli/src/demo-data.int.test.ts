import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

import { createCleanup, createTemporaryFolder } from '@gatehouse/testing';

import { DemoDataError, readMovieLens } from './demo-data';

const cleanup = createCleanup();
afterEach(() => cleanup.run());

async function writeFolder(movies: string, ratings: string): Promise<string> {
  const folder = await createTemporaryFolder(cleanup);
  await writeFile(join(folder, 'movies.csv.gz'), gzipSync(movies));
  await writeFile(join(folder, 'ratings.csv.gz'), gzipSync(ratings));
  return folder;
}

describe('readMovieLens', () => {
  it('reads all of ml-latest-small, in order of time', async () => {
    const { items, impressions } = await readMovieLens(join(__dirname, '../../../data/ml-latest-small'));
    expect(items).toHaveLength(9742); // as its README says
    expect(impressions).toHaveLength(100_836);
    expect(new Set(impressions.map(({ eventId }) => eventId)).size).toBe(100_836);
    expect(impressions.findIndex(({ eventTimeMs }, i) => eventTimeMs < impressions[i - 1]?.eventTimeMs)).toBe(-1);
    expect(items[0]).toEqual({
      itemId: '1',
      features: {
        title: 'Toy Story (1995)',
        year: 1995,
        genres: ['Adventure', 'Animation', 'Children', 'Comedy', 'Fantasy'],
      },
      available: true,
    });
    // March 29, 1996, 18:36:55: the oldest rating.
    expect(impressions[0]).toMatchObject({ eventTimeMs: 828_124_615_000, action: 'rating' });
  });

  it('takes the year from the end of the title, and leaves out what is not known', async () => {
    const movies = [
      'movieId,title,genres',
      '1,"American President, The (1995)",Comedy|Drama',
      '2,2001 (1968) Again,(no genres listed)',
      '3,(500) Days (2009) ,Drama',
    ];
    const { items } = await readMovieLens(await writeFolder(movies.join('\n'), 'userId,movieId,timestamp\n'));
    expect(items.map(({ features }) => features)).toEqual([
      { title: 'American President, The (1995)', year: 1995, genres: ['Comedy', 'Drama'] },
      { title: '2001 (1968) Again' },
      { title: '(500) Days (2009) ', year: 2009, genres: ['Drama'] },
    ]);
  });

  it('keeps ties in the order of the file', async () => {
    const ratings = 'userId,movieId,rating,timestamp\n1,b,4,7\n1,a,5,7\n1,c,3,6\n';
    const { impressions } = await readMovieLens(await writeFolder('movieId,title,genres\n', ratings));
    expect(impressions.map(({ itemId }) => itemId)).toEqual(['c', 'b', 'a']);
  });

  it.each([
    [
      'ratings.csv.gz: line 3: timestamp: expected',
      'movieId,title,genres\n',
      'userId,movieId,timestamp\n1,2,3\n1,2,x\n',
    ],
    ['ratings.csv.gz: line 2: expected 3 columns', 'movieId,title,genres\n', 'userId,movieId,timestamp\n1,2\n'],
    ['movies.csv.gz: line 2: item: expected', 'movieId,title,genres\n,a,b\n', 'userId,movieId,timestamp\n'],
  ])('ends at the first bad row: %s', async (message, movies, ratings) => {
    const folder = await writeFolder(movies, ratings);
    const error = await readMovieLens(folder).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(DemoDataError);
    expect((error as DemoDataError).message).toContain(join(folder, message));
  });

  it('names a file that is missing', async () => {
    const folder = await createTemporaryFolder(cleanup);
    await expect(readMovieLens(folder)).rejects.toMatchObject({
      code: 'ENOENT',
      path: join(folder, 'movies.csv.gz'),
    });
  });
});
