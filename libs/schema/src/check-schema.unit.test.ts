import { compileSchema } from './compile-schema';

/** Lines are numbered from 1 on `actions:`. */
const text = `actions:
  click: { weight: 1 }
attributes: {}
userState: {}
tables:
  items: {}
  genres: {}
  trigrams: {}
  years: {}
query:
  features:
    - { name: history, kind: history, table: items, length: 20 }
candidate:
  features:
    - { name: item, kind: id, table: items }
    - { name: genres, kind: categories, table: genres }
    - { name: title, kind: text, table: trigrams }
    - { name: year, kind: number, table: years, boundaries: [1990, 2000] }
  layers: []
outputDimension: 64
`;

function problemsAfter(edits: readonly (readonly [line: number, replacement: string])[]): string[] {
  const lines = text.split('\n');
  for (const [line, replacement] of edits) lines[line - 1] = replacement;
  try {
    compileSchema(lines.join('\n'), 's.yaml');
  } catch (error) {
    return (error as Error).message.split('\n');
  }
  return [];
}

const item = '    - { name: item, kind: id, table: items }';

describe('the checks of keys against each other', () => {
  it('find nothing wrong with the schema that the cases below edit', () => {
    expect(problemsAfter([])).toEqual([]);
  });

  it.each([
    [
      2,
      '  click: { weight: 0 }',
      's.yaml:1:1: actions: expected at least one action of a weight above 0, found click of weight 0',
    ],
    [
      2,
      '  click: { weight: -1 }\n  view: { weight: 1 }',
      's.yaml:2:12: actions.click.weight: expected a number of at least 0, found -1',
    ],
    [
      2,
      '  "2nd": { weight: 1 }',
      's.yaml:2:3: actions.2nd: expected a letter, then at most 63 letters, digits, _ or -, found "2nd"',
    ],
    [
      2,
      '  toString: { weight: 1 }',
      's.yaml:2:3: actions.toString: expected a name that JavaScript does not reserve, found "toString"',
    ],
    [
      3,
      'attributes: { year: int }',
      's.yaml:3:15: attributes.year: expected one of string, number, boolean, found "int"',
    ],
    [
      4,
      'userState: { historyLimit: 19 }',
      's.yaml:4:14: userState.historyLimit: expected at least 20, the longest history, found 19',
    ],
    [
      7,
      '  genres: { dimension: 32 }',
      's.yaml:16:41: candidate.features[1].table: expected a table of dimension 64 (outputDimension: sum without layers), found genres of dimension 32',
    ],
    [
      7,
      '  genres: { rows: 9 }',
      's.yaml:7:13: tables.genres.rows: expected no such key: only the table of a text feature has a number of rows, found 9',
    ],
    [
      9,
      '  years: { rows: 3 }',
      's.yaml:9:12: tables.years.rows: expected no such key: only the table of a text feature has a number of rows, found 3',
    ],
    [9, '  years: {}\n  spare: {}', 's.yaml:10:3: tables.spare: expected a feature that reads this table, found none'],
    [
      9,
      '  years: {}\n  Big: {}',
      's.yaml:10:3: tables.Big: expected a small letter, then at most 63 of a-z, 0-9 and -, found "Big"',
    ],
    [
      12,
      '    - { name: history, kind: history, table: genres }',
      's.yaml:12:39: query.features[0].table: expected the table of an id feature of candidate (items), found "genres"',
    ],
    [
      12,
      '    - { name: history, kind: history, table: films }',
      's.yaml:12:39: query.features[0].table: expected one of items, genres, trigrams, years, found "films"',
    ],
    [
      12,
      '    - { name: history, kind: history, table: items, decay: 0 }',
      's.yaml:12:53: query.features[0].decay: expected a number of more than 0, found 0',
    ],
    [
      15,
      `${item}\n    - { name: past, kind: history, table: items }`,
      's.yaml:16:21: candidate.features[1].kind: expected another kind (history is for query alone), found "history"',
    ],
    [
      15,
      `${item}\n${item}`,
      's.yaml:16:9: candidate.features[1].name: expected a name that is unique in candidate, found "item"',
    ],
    [
      15,
      '    - { name: item, kind: id, table: items, dropout: 1 }',
      's.yaml:15:45: candidate.features[0].dropout: expected a number of less than 1, found 1',
    ],
    [
      16,
      '    - { name: genres, kind: categories, table: genres, source: context.x }',
      's.yaml:16:56: candidate.features[1].source: expected features.<name> (context: category and number of query alone), found "context.x"',
    ],
    [
      16,
      '    - { name: genres, kind: categories, table: genres, source: genres }',
      's.yaml:16:56: candidate.features[1].source: expected features.<name> or context.<name>, found "genres"',
    ],
    [
      18,
      '    - { name: year, kind: number, table: years, boundaries: [2, 2] }',
      's.yaml:18:49: candidate.features[3].boundaries: expected ascending numbers, found 2, 2',
    ],
    [
      18,
      '    - { name: year, kind: number, table: years, boundaries: [] }',
      's.yaml:18:49: candidate.features[3].boundaries: expected at least 1 entries, found an empty list',
    ],
    [
      18,
      '    - { name: year, kind: number, table: years }',
      's.yaml:18:7: candidate.features[3].boundaries: expected a list, found nothing',
    ],
    [19, '  layers: [64, 0]', 's.yaml:19:16: candidate.layers[1]: expected a number of at least 1, found 0'],
    [20, 'score: { temperature: 0 }', 's.yaml:20:10: score.temperature: expected a number of more than 0, found 0'],
    [
      20,
      'loss: { kind: softmax, form: sampled }',
      's.yaml:20:24: loss.form: expected one of standard, corrected, decoupled, found "sampled"',
    ],
    [
      20,
      'negatives: { inBatch: false, uniform: 0 }',
      's.yaml:20:1: negatives: expected a source of negatives for the loss softmax (inBatch, uniform, popularity, memory, hard), found none',
    ],
    [
      20,
      'loss: { kind: margin-mse, teacher: context.score }',
      's.yaml:20:9: loss.kind: expected another loss, or negatives.hard of at least 1 to compare with the positive, found "margin-mse"',
    ],
    [
      20,
      'loss: { kind: kl, teacher: score }\nnegatives: { hard: 1 }',
      's.yaml:20:19: loss.teacher: expected context.<name>, found "score"',
    ],
    [
      20,
      'loss: { kind: info-nce }\nnegatives: { inBatch: false }',
      's.yaml:21:14: negatives.inBatch: expected true: info-nce compares the rows of a batch, found false',
    ],
    [
      20,
      'loss: { kind: info-nce }\ntraining: { batchSize: 1 }',
      's.yaml:21:13: training.batchSize: expected at least 2, because the batch is the only source of negatives, found 1',
    ],
    [
      20,
      'loss: { kind: triplet }\nscore: { similarity: dot }',
      's.yaml:21:10: score.similarity: expected cosine: triplet compares distances of unit vectors, found "dot"',
    ],
    [
      20,
      'loss: { kind: bpr }\nscore: { learnTemperature: true }',
      's.yaml:21:10: score.learnTemperature: expected false (only softmax standard or corrected, and info-nce), found true with the loss bpr',
    ],
    [
      20,
      'loss: { kind: bpr, matryoshka: [32, 16, 64] }',
      's.yaml:20:20: loss.matryoshka: expected ascending lengths that end with 64 (outputDimension), found 32, 16, 64',
    ],
    [
      20,
      'loss: { kind: bpr, matryoshka: [16, 32] }',
      's.yaml:20:20: loss.matryoshka: expected ascending lengths that end with 64 (outputDimension), found 16, 32',
    ],
    [
      6,
      '  items: { capacity: 255 }',
      's.yaml:6:12: tables.items.capacity: expected at least 256, the ids of a batch (training.batchSize), found 255',
    ],
    [
      9,
      '  years: { capacity: 1000 }',
      's.yaml:9:12: tables.years.capacity: expected no such key: only tables of ids and categories gain and lose rows, found 1000',
    ],
    [
      20,
      'training: { schedule: { stages: [{ name: first }, { name: second }] } }',
      's.yaml:20:34: training.schedule.stages[0].steps: expected a number: another stage follows, found nothing',
    ],
    [
      20,
      'training: { schedule: { stages: [{ name: a, steps: 1, hardShare: { from: 0, to: 1 } }] } }',
      's.yaml:20:55: training.schedule.stages[0].hardShare: expected no such key, or negatives.hard of at least 1, found a mapping',
    ],
    [
      20,
      'training: { schedule: { stages: [{ name: a, steps: 1 }, { name: a, steps: 1 }], repeatFrom: b } }',
      's.yaml:20:59: training.schedule.stages[1].name: expected each name once, found "a"',
      's.yaml:20:81: training.schedule.repeatFrom: expected one of a, a, found "b"',
    ],
    [
      20,
      'negatives: { uniform: 0 }\ntraining: { batchSize: 1 }',
      's.yaml:21:13: training.batchSize: expected at least 2, because the batch is the only source of negatives, found 1',
    ],
    [
      20,
      'estimator: { kind: gap, rate: 1 }',
      's.yaml:20:25: estimator.rate: expected a number of less than 1, found 1',
    ],
    [
      20,
      'estimator: { kind: gap, rate: 0 }',
      's.yaml:20:25: estimator.rate: expected a number of more than 0, found 0',
    ],
    [20, 'estimator: { kind: exact, rate: 0.1 }', 's.yaml:20:27: estimator.rate: expected kind, found an unknown key'],
    [20, 'estimator: {}', 's.yaml:20:1: estimator.kind: expected one of gap, decayed-count-min, exact, found nothing'],
  ])('line %d as %j', (line, replacement, ...problems) => {
    expect(problemsAfter([[line, replacement]])).toEqual(problems);
  });

  it('refuse features of one table that find their rows in different ways', () => {
    const edits = [
      [8, '# trigrams'],
      [17, '    - { name: title, kind: text, table: genres }'],
    ] as const;
    expect(problemsAfter(edits)).toEqual([
      's.yaml:17:34: candidate.features[2].table: expected a table of its own, or rows by key, as genres (categories) has, found genres read by hash',
    ]);
  });

  it('refuse number features of one table with different boundaries', () => {
    const other = '    - { name: age, kind: number, table: years, boundaries: [1] }';
    expect(problemsAfter([[15, `${item}\n${other}`]])).toEqual([
      's.yaml:19:49: candidate.features[4].boundaries: expected 1, as age of the same table has, found a list of 2',
    ]);
  });

  it('ask for equal dimensions when sums enter a hidden layer', () => {
    const edits = [
      [8, '  trigrams: { dimension: 32 }'],
      [19, '  layers: [16]'],
    ] as const;
    expect(problemsAfter(edits)).toEqual([
      's.yaml:17:34: candidate.features[2].table: expected a table of dimension 64 (the dimension of the first feature: sum), found trigrams of dimension 32',
    ]);
  });

  it('tell several problems at once', () => {
    expect(
      problemsAfter([
        [2, '  click: { weight: 0 }'],
        [9, '  years: { rows: 3 }'],
        [20, 'outputDimension: 64\nnegatives: { inBatch: false, uniform: 0 }'],
      ]).map((problem) => problem.split(' ')[0]),
    ).toEqual(['s.yaml:1:1:', 's.yaml:9:12:', 's.yaml:21:1:']);
  });
});
