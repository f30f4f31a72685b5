import { applyPatch, createRandom, type Snapshot } from '@gatehouse/domain';

import { createEventWindow } from './event-window';

const ids = (from: number, to: number): string[] => Array.from({ length: to - from }, (_, i) => `event ${from + i}`);
const copy = (snapshot: Snapshot): Snapshot => structuredClone(snapshot);

describe('event window', () => {
  it.each([16, 160, 1000])('remembers the last 15/16 of %i ids, and never more than all', (capacity) => {
    const window = createEventWindow('events', capacity);
    const all = ids(0, 5 * capacity);
    all.forEach((id, n) => {
      expect(window.has(id)).toBe(false);
      window.add(id);
      const sure = Math.floor((15 * capacity) / 16);
      if (n % 97 === 0) expect(all.slice(Math.max(0, n + 1 - sure), n + 1).every(window.has)).toBe(true);
    });
    expect(window.size).toBeLessThanOrEqual(16 * Math.ceil(capacity / 16));
    expect(all.slice(0, 3 * capacity).some(window.has)).toBe(false); // the old ones are gone
  });

  it('counts an id once, however often it is added', () => {
    const window = createEventWindow('events', 100);
    for (const id of ['a', 'b', 'a', 'a']) window.add(id);
    expect(window.size).toBe(2);
  });

  it.each([1, 2, 3])('goes on from patches as if it had never stopped (seed %i)', (seed) => {
    const random = createRandom('window', seed);
    const through = createEventWindow('events', 64);
    let saved: Snapshot = { tensors: {}, metadata: null };
    let next = 0;
    for (let save = 0; save < 30; save++) {
      const until = next + random.below(40);
      for (const id of ids(next, until)) through.add(id);
      next = until;
      saved = applyPatch(saved, copyPatch(through.patch!()));
      through.saved!();
      expect(saved).toEqual(copy(through.snapshot()));

      const restored = createEventWindow('events', 64);
      restored.restore(saved);
      expect(restored.snapshot()).toEqual(through.snapshot());
      expect(ids(0, next).map(restored.has)).toEqual(ids(0, next).map(through.has));
    }
  });

  it('takes over what another capacity has room for', () => {
    const window = createEventWindow('events', 320);
    for (const id of ids(0, 300)) window.add(id);
    const smaller = createEventWindow('events', 160);
    smaller.restore(window.snapshot());
    expect(ids(150, 300).every(smaller.has)).toBe(true);
    expect(smaller.size).toBeLessThanOrEqual(160);
  });

  it('refuses a capacity that is none', () => {
    expect(() => createEventWindow('events', 0)).toThrow('events: capacity: expected a positive integer, found 0');
  });
});

function copyPatch<T>(patch: T): T {
  return structuredClone(patch);
}
