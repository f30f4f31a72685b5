import type { Snapshot } from '@gatehouse/domain';
import fc from 'fast-check';
import { impression } from '../samples.contract';
import { answers, impressionsOf, streams, testOptions } from '../user-state.contract';
import { createUserState } from './memory-user-state';

/** A copy whose arrays share no memory with the state. */
function copyOf(snapshot: Snapshot): Snapshot {
  return structuredClone(snapshot);
}

describe('createUserState', () => {
  it('restores to the same bytes, and goes on as if it had never stopped', () => {
    fc.assert(
      fc.property(streams, streams, (first, second) => {
        const [events, later] = [impressionsOf(first), impressionsOf(second)];
        const users = createUserState(testOptions);
        users.apply(events, { impressions: { 0: 5 } });
        const snapshot = copyOf(users.snapshot());
        const restored = createUserState(testOptions);
        restored.apply([impression({ userId: 'gone' })], {});
        restored.restore(snapshot);
        expect(restored.snapshot()).toEqual(snapshot);
        expect(restored.offsets).toEqual({ impressions: { 0: 5 } });
        users.apply(later, {});
        restored.apply(later, {});
        expect(answers(restored)).toEqual(answers(users));
        expect(restored.snapshot()).toEqual(users.snapshot());
      }),
    );
  });

  it('snapshots the worked example', () => {
    const users = createUserState(testOptions);
    users.apply(
      [
        impression({ userId: 'b', itemId: 'x', eventTimeMs: 5 }),
        impression({ userId: 'a', itemId: 'yz', eventTimeMs: 7, action: 'hide' }),
        impression({ userId: 'b', itemId: 'w', eventTimeMs: 3 }),
        impression({ userId: 'b', itemId: 'x', eventTimeMs: 4 }),
      ],
      { impressions: { 0: 4 } },
    );
    const { tensors, metadata } = users.snapshot();
    const data = Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, [...tensor.data]]));
    // Users in the order of appearance, b then a. Histories: b has x, w, x; a has none, as `hide` only marks as seen.
    // Items of histories, by first use: x = 0, w = 1. Seen: b has x and w, a has yz.
    expect(data).toMatchObject({
      'user-ids': [...Buffer.from('ba')],
      'user-id-offsets': [0, 1, 2],
      'item-ids': [...Buffer.from('xw')],
      'item-id-offsets': [0, 1, 2],
      'history-offsets': [0, 3, 3],
      'history-items': [0, 1, 0],
      'history-times': [5, 3, 4],
      'seen-offsets': [0, 2, 3],
      'last-event-times': [5, 7],
    });
    expect(tensors['seen-keys'].shape).toEqual([3, 2]);
    expect(metadata).toEqual({ format: 1, historyLimit: 3, seenLimit: 5, offsets: { impressions: { 0: 4 } } });
  });

  it('declares shapes that hold its data', () => {
    const users = createUserState(testOptions);
    users.apply(impressionsOf([{ user: 0, item: 1, time: 2, action: 'click' }]), {});
    for (const { shape, data } of Object.values(users.snapshot().tensors)) {
      expect(shape.reduce((a, b) => a * b)).toBe(data.length);
    }
  });

  it.each([
    ['other limits', { metadata: { format: 1, historyLimit: 3, seenLimit: 6, offsets: {} } }],
    ['another format', { metadata: { format: 2, historyLimit: 3, seenLimit: 5, offsets: {} } }],
    ['no metadata', { metadata: null }],
    ['a missing array', { tensors: {} }],
    ['an array of another type', { tensors: { 'user-ids': { dtype: 'U32', shape: [0], data: new Uint32Array() } } }],
    ['offsets out of order', { tensors: { 'history-offsets': words([1, 0]) } }],
    ['offsets beyond the keys', { tensors: { 'seen-offsets': words([0, 2]) } }],
    ['an item that is none', { tensors: { 'history-items': words([1]) } }],
    ['a missing time', { tensors: { 'history-times': { dtype: 'F64', shape: [0], data: new Float64Array() } } }],
    ['user ids cut off', { tensors: { 'user-ids': { dtype: 'U8', shape: [1], data: new Uint8Array(1) } } }],
  ] as const)('refuses a snapshot with %s and stays as it was', (what, change) => {
    const users = createUserState(testOptions);
    users.apply([impression({ userId: 'u1', itemId: 'i1' })], {});
    const snapshot = users.snapshot();
    const before = answers(users);
    const tensors =
      'tensors' in change ? { ...(what !== 'a missing array' && snapshot.tensors), ...change.tensors } : {};
    const broken = { ...snapshot, ...change, ...('tensors' in change && { tensors }) };
    expect(() => users.restore(broken)).toThrow(RangeError);
    expect(answers(users)).toEqual(before);
  });

  it('holds a long history of one user to its limits', () => {
    const options = { ...testOptions, historyLimit: 1, seenLimit: 100 };
    const users = createUserState(options);
    const events = Array.from({ length: 1000 }, (_, i) => impression({ userId: 'u0', itemId: `i${i}` }));
    users.apply(events, {});
    const record = users.get('u0')!;
    expect(record.history.map(({ itemId }) => itemId)).toEqual(['i999']);
    const seen = events.filter(({ itemId }) => record.hasSeen(itemId)).map(({ itemId }) => itemId);
    expect(seen).toEqual(Array.from({ length: 100 }, (_, i) => `i${900 + i}`));
  });

  it('remembers nothing with limits of zero', () => {
    const users = createUserState({ ...testOptions, historyLimit: 0, seenLimit: 0 });
    users.apply(impressionsOf([{ user: 0, item: 1, time: 2, action: 'click' }]), {});
    expect(users.get('u0')).toMatchObject({ history: [], lastEventTimeMs: 2 });
    expect(users.get('u0')!.seenKeys).toHaveLength(0);
  });
});

function words(values: readonly number[]) {
  return { dtype: 'U32', shape: [values.length], data: Uint32Array.from(values) } as const;
}
