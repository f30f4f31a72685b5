import type { Impression } from '@gatehouse/domain';
import { compileSchema } from '@gatehouse/schema';

import { createActionCheck } from './action-check';
import { createFeatureCheck } from './feature-check';
import { createIdCheck } from './id-check';
import { createLabelCheck } from './label-check';

const schema = compileSchema(
  `
actions: { click: { weight: 1 }, shown: { weight: 0 } }
tables: { ids: { dimension: 4 } }
query: { features: [{ name: user, kind: id, table: ids }] }
candidate: { features: [{ name: item, kind: id, table: ids }] }
outputDimension: 4
`,
  'schema.yaml',
);

// Some 64-bit keys collide here, which real ones do not within the size of a test.
jest.mock('@gatehouse/domain', () => ({
  ...jest.requireActual<object>('@gatehouse/domain'),
  hashId: (id: string, out: Uint32Array) => out.set(id.startsWith('same') ? [1, 2] : [id.length, id.charCodeAt(0)]),
}));

const event = (userId: string, itemId: string, eventTimeMs: number, action = 'click'): Impression => ({
  eventId: 'e',
  userId,
  itemId,
  eventTimeMs,
  action,
});

describe('feature check', () => {
  it('finds features with one value, and not those that are missing somewhere', () => {
    const check = createFeatureCheck();
    for (let n = 0; n < 5; n++)
      check.add({ shop: 'main', year: 1990 + n, ...(n > 0 && { colour: 'red' }), tags: ['a'] });
    expect(check.findings()).toEqual([
      {
        kind: 'constant-feature',
        count: 2,
        text: 'features with one value in all 5 items: they tell no item from another',
        examples: ['shop = "main"', 'tags = ["a"]'],
      },
    ]);
  });

  it('says nothing of four rows', () => {
    const check = createFeatureCheck();
    for (let n = 0; n < 4; n++) check.add({ shop: 'main' });
    expect(check.findings()).toEqual([]);
  });
});

describe('id check', () => {
  it('finds ids that share a key, and ids that look alike', () => {
    const check = createIdCheck('item');
    for (const id of ['same 1', 'same 2', 'same 2', 'Heat', ' heat', 'caf\u00e9', 'cafe\u0301', 'other']) check.add(id);
    expect(check.findings()).toMatchObject([
      { kind: 'colliding-item-ids', count: 1, examples: ['"same 1" and "same 2"'] },
      { kind: 'look-alike-item-ids', count: 2, examples: ['"Heat" and " heat"', '"caf\u00e9" and "cafe\u0301"'] },
    ]);
  });

  it('says where it stopped to compare', () => {
    const check = createIdCheck('user', 2);
    for (const id of ['a', 'b', 'A', 'c', 'a']) check.add(id);
    expect(check.findings()).toMatchObject([{ kind: 'unchecked-user-ids', count: 2 }]);
  });
});

describe('label check', () => {
  it('tells duplicates, repeats and disorder apart', () => {
    const check = createLabelCheck(2);
    const lines: [string, string, number][] = [
      ['ann', 'a', 10],
      ['ann', 'a', 10], // the same event
      ['ann', 'b', 20],
      ['ann', 'a', 30], // a is in the last two
      ['ann', 'c', 40],
      ['ann', 'b', 50], // b is not, any more
      ['bob', 'a', 10],
      ['ann', 'd', 45], // before line 6
    ];
    lines.forEach(([user, item, ms], n) => check.add(event(user, item, ms), n + 1));
    expect(check.findings().map(({ kind, count, examples }) => ({ kind, count, examples }))).toEqual([
      { kind: 'duplicate-events', count: 1, examples: ['line 2'] },
      { kind: 'label-in-history', count: 1, examples: ['line 4'] },
      { kind: 'events-out-of-order', count: 1, examples: ['line 8'] },
    ]);
    expect(check.findings()[0].text).toContain('(12.5 %)');
  });

  it('says how many users it left out', () => {
    const check = createLabelCheck(2, 1);
    for (const user of ['ann', 'bob', 'bob']) check.add(event(user, 'a', 1), 1);
    expect(check.findings().at(-1)).toMatchObject({ kind: 'unchecked-users', count: 2 });
  });
});

describe('action check', () => {
  it('counts actions without weight, unknown ones by name, and says when nothing is left', () => {
    const check = createActionCheck(schema);
    for (const action of ['shown', 'shown', 'view', 'constructor', undefined, 'view']) check.add(action);
    expect(check.findings()).toMatchObject([
      { kind: 'actions-without-weight', count: 2, examples: ['shown: 2'] },
      { kind: 'unknown-actions', count: 4, examples: ['view: 2', 'constructor: 1', 'null: 1'] },
      { kind: 'no-positives', count: 0 },
    ]);
    check.add('click');
    expect(check.findings().map(({ kind }) => kind)).not.toContain('no-positives');
  });
});
