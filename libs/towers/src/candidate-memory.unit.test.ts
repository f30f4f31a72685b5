import { type CandidateMemory, createCandidateMemory } from './candidate-memory';

const options = { capacity: 5, maxAgeBatches: 3, dimension: 2 };

/** Adds items whose vectors are `[number, -number]`. */
function add(memory: CandidateMemory, ...numbers: number[]): void {
  memory.add(
    numbers.map((n) => `i${n}`),
    Float32Array.from(numbers.flatMap((n) => [n, -n])),
  );
}

function contents({ itemIds, vectors }: CandidateMemory): [string, number[]][] {
  return itemIds.map((itemId, i) => [itemId, [...vectors.subarray(2 * i, 2 * i + 2)]]);
}

const numbered = (...numbers: number[]): [string, number[]][] => numbers.map((n) => [`i${n}`, [n, -n]]);

describe('candidate memory', () => {
  it('keeps every occurrence, oldest first, and gives up the oldest beyond its capacity', () => {
    const memory = createCandidateMemory('memory', options);
    expect(contents(memory)).toEqual([]);
    add(memory, 1, 2, 1);
    expect(contents(memory)).toEqual(numbered(1, 2, 1));
    add(memory, 3, 4, 5);
    expect(contents(memory)).toEqual(numbered(2, 1, 3, 4, 5));
    add(memory, 6, 7, 8, 9, 10, 11, 12);
    expect(contents(memory)).toEqual(numbered(8, 9, 10, 11, 12));
  });

  it('gives up what is older than its age, also when nothing new comes', () => {
    const memory = createCandidateMemory('memory', options);
    add(memory, 1);
    add(memory, 2);
    add(memory, 3); // 1 is two batches old
    expect(contents(memory)).toEqual(numbered(1, 2, 3));
    add(memory);
    expect(contents(memory)).toEqual(numbered(2, 3));
    add(memory);
    add(memory);
    expect(contents(memory)).toEqual([]);
  });

  it('goes on from a snapshot as if it had never stopped', () => {
    const [kept, resumed] = [createCandidateMemory('memory', options), createCandidateMemory('memory', options)];
    add(kept, 1, 2);
    add(kept, 3);
    add(resumed, 9); // restoring replaces it
    const saved = structuredClone(kept.snapshot());
    resumed.restore(saved);
    for (const memory of [kept, resumed]) {
      add(memory, 4);
      add(memory, 5);
    }
    expect(contents(resumed)).toEqual(numbered(3, 4, 5));
    expect(resumed.snapshot()).toEqual(kept.snapshot());
  });

  it('refuses vectors that do not fit', () => {
    const memory = createCandidateMemory('memory', options);
    expect(() => memory.add(['a', 'b'], new Float32Array(3))).toThrow(
      'memory: expected 2 vectors of 2, found 3 values',
    );
    expect(() => memory.restore({ tensors: {}, metadata: null })).toThrow(
      'memory: tensor itemIds: expected U8[], found none',
    );
  });
});
