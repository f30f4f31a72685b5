import type { Candidate } from '@gatehouse/domain';

import { type FusionSettings, fusionSettings } from './fusion-settings';
import { type Found, mergeSources } from './merge-sources';
import { sourceNames } from './retrieve-query';
import { hitsOf } from './retriever.fixture';
import { createDraws } from './sources/source-request.fixture';

test('a single source keeps its order and scores', () => {
  expect(
    mergeSources(
      [
        {
          source: 'popular',
          hits: [
            { itemId: 'a', score: 9 },
            { itemId: 'b', score: 2 },
          ],
        },
      ],
      1,
    ),
  ).toEqual([{ itemId: 'a', score: 9, sources: [{ source: 'popular', score: 9 }] }]);
});

test('several sources are joined by reciprocal rank', () => {
  const merged = mergeSources(
    [
      { source: 'two-tower', hits: hitsOf('a', 'b', 'c') },
      { source: 'popular', hits: hitsOf('c', 'd') },
    ],
    10,
  );
  // c: 1/63 + 1/61 = .03227; a: 1/61 = .01639; b = d = 1/62 = .01613, by id.
  expect(merged.map(({ itemId }) => itemId)).toEqual(['c', 'a', 'b', 'd']);
  expect(merged[0].score).toBeCloseTo(1 / 63 + 1 / 61, 12);
  expect(merged[0].sources.map(({ source }) => source)).toEqual(['two-tower', 'popular']);
});

test('the limit holds after joining, and nothing appears twice', () => {
  const found = (['two-tower', 'popular'] as const).map((source) => ({ source, hits: hitsOf('a', 'b', 'c', 'd') }));
  const ids = mergeSources(found, 3).map(({ itemId }) => itemId);
  expect(ids).toEqual(['a', 'b', 'c']);
});

test('no sources, no candidates', () => {
  expect(mergeSources([], 10)).toEqual([]);
});

test('weights multiply what a source has to say', () => {
  const found: Found[] = [
    { source: 'two-tower', hits: hitsOf('a') },
    { source: 'popular', hits: hitsOf('p', 'q') },
  ];
  const merged = mergeSources(found, 10, fusionSettings.parse({ weights: { popular: 2 } }));
  // p: 2/61, q: 2/62, a: 1/61
  expect(merged.map(({ itemId }) => itemId)).toEqual(['p', 'q', 'a']);
  expect(merged.map(({ score }) => score)).toEqual([2 / 61, 2 / 62, 1 / 61]);
});

test('weighted scores are stretched over 0 to 1 for each source', () => {
  const found: Found[] = [
    {
      source: 'two-tower',
      hits: [
        { itemId: 'a', score: 0.9 },
        { itemId: 'b', score: 0.6 },
        { itemId: 'c', score: 0.5 },
      ],
    },
    {
      source: 'popular',
      hits: [
        { itemId: 'c', score: 700 },
        { itemId: 'd', score: 300 },
      ],
    },
  ];
  const merged = mergeSources(found, 10, fusionSettings.parse({ kind: 'weighted', weights: { popular: 0.5 } }));
  // a: .4/.4 = 1; c: 0 + .5 * 400/400 = .5; b: .1/.4 = .25; d: .5 * 0 = 0
  expect(merged.map(({ itemId }) => itemId)).toEqual(['a', 'c', 'b', 'd']);
  [1, 0.5, 0.25, 0].forEach((score, i) => expect(merged[i].score).toBeCloseTo(score, 12));
  expect(merged[1].sources).toEqual([
    { source: 'two-tower', score: 0.5 },
    { source: 'popular', score: 700 },
  ]);
});

test('hits of equal scores are all worth 1 when weighted', () => {
  const same = (itemId: string) => ({ itemId, score: 3 });
  const found: Found[] = [
    { source: 'two-tower', hits: [same('b'), same('a')] },
    { source: 'popular', hits: [same('c')] },
  ];
  const merged = mergeSources(found, 10, fusionSettings.parse({ kind: 'weighted' }));
  expect(merged.map(({ itemId, score }) => [itemId, score])).toEqual([
    ['a', 1],
    ['b', 1],
    ['c', 1],
  ]);
});

test('a minimum brings in what its source thinks best, and a maximum keeps the rest out', () => {
  const found: Found[] = [
    { source: 'two-tower', hits: hitsOf('a', 'b', 'c', 'd') },
    { source: 'popular', hits: hitsOf('e', 'b', 'f', 'g') },
  ];
  const idsWith = (fusion: object, limit: number) =>
    mergeSources(found, limit, fusionSettings.parse(fusion)).map(({ itemId }) => itemId);
  const weights = { popular: 0.1 };
  expect(idsWith({ weights }, 4)).toEqual(['b', 'a', 'c', 'd']);
  // b is popular too; e is the second best of popular, so d makes room.
  expect(idsWith({ weights, quotas: { popular: { min: 2 } } }, 4)).toEqual(['b', 'a', 'c', 'e']);
  // Two-tower alone has two places; b goes by popular, which has the most room.
  expect(idsWith({ weights, quotas: { 'two-tower': { max: 2 } } }, 10)).toEqual(['b', 'a', 'c', 'e', 'f', 'g']);
});

describe.each(['rrf', 'weighted'] as const)('laws of %s', (kind) => {
  const seeds = Array.from({ length: 40 }, (_, i) => i + 1);
  const idsOf = (candidates: readonly Candidate[]) => candidates.map(({ itemId }) => itemId);

  function draw(seed: number) {
    const draws = createDraws(seed);
    const { below, next, shuffled } = draws;
    const names = shuffled(sourceNames).slice(0, 2 + below(sourceNames.length - 1));
    const found = names.map((source): Found => {
      const items = shuffled(Array.from({ length: 30 }, (_, i) => `i${i}`)).slice(0, below(20));
      const scores = items.map(() => Math.round(next() * 8) - 4).sort((a, b) => b - a); // with ties
      return { source, hits: items.map((itemId, i) => ({ itemId, score: scores[i] })) };
    });
    const weights = Object.fromEntries(names.filter(() => next() < 0.5).map((name) => [name, below(4) / 2]));
    const quotas = Object.fromEntries(
      names
        .filter(() => next() < 0.6)
        .map((name) => {
          const min = below(4);
          return [name, { min, max: min + below(6) }];
        }),
    );
    const limit = 1 + below(25);
    const fusion: FusionSettings = fusionSettings.parse({ kind, weights });
    return { ...draws, found, limit, fusion, withQuotas: fusionSettings.parse({ kind, weights, quotas }) };
  }

  test.each(seeds)('the order of the sources does not matter (seed %i)', (seed) => {
    const { found, limit, withQuotas, shuffled } = draw(seed);
    const merged = mergeSources(found, limit, withQuotas);
    for (let i = 0; i < 5; i++) expect(mergeSources(shuffled(found), limit, withQuotas)).toEqual(merged);
  });

  test.each(seeds)(
    'best first, ties by item id, nothing twice, each with the scores of its sources (seed %i)',
    (seed) => {
      const { found, limit, withQuotas } = draw(seed);
      const merged = mergeSources(found, limit, withQuotas);
      merged.forEach(({ itemId, score, sources }, i) => {
        if (i > 0) expect([merged[i - 1].score > score, merged[i - 1].itemId < itemId]).toContain(true);
        if (i > 0) expect(merged[i - 1].score).toBeGreaterThanOrEqual(score);
        const own = found.flatMap(({ source, hits }) =>
          hits.filter((hit) => hit.itemId === itemId).map((hit) => ({ source, score: hit.score })),
        );
        expect(new Set(sources)).toEqual(new Set(own));
      });
      expect(new Set(idsOf(merged)).size).toBe(merged.length);
    },
  );

  test.each(seeds)('one source alone keeps its order, whatever its weight and quota (seed %i)', (seed) => {
    const { found, limit, withQuotas } = draw(seed);
    for (const one of found) {
      const own = one.hits.slice(0, limit);
      expect(idsOf(mergeSources([one], limit, withQuotas))).toEqual(own.map(({ itemId }) => itemId));
    }
  });

  test.each(seeds)('a candidate in two sources is at least as high as in one (seed %i)', (seed) => {
    const { found, fusion, oneOf } = draw(seed);
    const all = idsOf(mergeSources(found, 1000, fusion));
    for (const { source, hits } of found) {
      if (hits.length === 0) continue;
      const { itemId } = oneOf(hits);
      const less = found.map((each) =>
        each.source === source ? { source, hits: hits.filter((hit) => hit.itemId !== itemId) } : each,
      );
      const place = idsOf(mergeSources(less, 1000, fusion)).indexOf(itemId);
      if (place >= 0 && kind === 'rrf') expect(all.indexOf(itemId)).toBeLessThanOrEqual(place);
      const scoreIn = (lists: readonly Found[]) =>
        mergeSources(lists, 1000, fusion).find((each) => each.itemId === itemId)?.score ?? 0;
      if (place >= 0) expect(scoreIn(found)).toBeGreaterThanOrEqual(scoreIn(less));
    }
  });

  test.each(seeds)('quotas hold whenever enough candidates exist (seed %i)', (seed) => {
    const { found, limit, fusion, withQuotas } = draw(seed);
    const everything = mergeSources(found, 1000, fusion);
    const merged = mergeSources(found, limit, withQuotas);
    const { quotas } = withQuotas;
    const named = (source: string) => merged.filter(({ sources }) => sources.some((each) => each.source === source));
    const minimums = Object.values(quotas).reduce((sum, each) => sum + (each?.min ?? 0), 0);
    for (const { source, hits } of found) {
      const { min = 0, max = Infinity } = quotas[source] ?? {};
      expect(named(source).filter(({ sources }) => sources.length === 1).length).toBeLessThanOrEqual(max);
      if (minimums <= limit) expect(named(source).length).toBeGreaterThanOrEqual(Math.min(min, hits.length));
    }
    // A place is empty only where each candidate that is left out was found by full sources alone.
    expect(merged.length).toBeLessThanOrEqual(limit);
    if (merged.length === Math.min(limit, everything.length)) return;
    const out = everything.filter(({ itemId }) => !idsOf(merged).includes(itemId));
    for (const { sources } of out) {
      for (const { source } of sources) {
        expect(named(source).length).toBeGreaterThanOrEqual(quotas[source as 'popular']?.max ?? Infinity);
      }
    }
  });

  test.each(seeds)('scaling all weights changes no order (seed %i)', (seed) => {
    const { found, limit, fusion } = draw(seed);
    const weights = Object.fromEntries(sourceNames.map((name) => [name, 8 * (fusion.weights[name] ?? 1)]));
    expect(idsOf(mergeSources(found, limit, { ...fusion, weights }))).toEqual(
      idsOf(mergeSources(found, limit, fusion)),
    );
  });
});
