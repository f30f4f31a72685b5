import {
  hashIds,
  type Snapshot,
  type SnapshotPatch,
  type Stateful,
  type StateTensor,
  tensorOf,
} from '@gatehouse/domain';

/** The ids of the events that were applied lately. */
export interface EventWindow extends Stateful {
  readonly has: (eventId: string) => boolean;
  add(eventId: string): void;
  /** Ids remembered now. */
  readonly size: number;
}

/** Parts that the window is made of: the oldest goes when a new one begins. */
const generationCount = 16;
/** Positions of an index per id: how empty it stays. */
const positionsPerId = 2;

interface Generation {
  /** Numbered from 0, for the names of tensors. */
  readonly serial: number;
  /** 64-bit hashes in the order added, `[size * 2]`. */
  readonly keys: Uint32Array;
  /** Open addressing: 1 + place in `keys`, or 0. */
  readonly index: Int32Array;
  count: number;
  /** Ids that were there at the last save; undefined when it was not there itself. */
  saved: number | undefined;
}

/**
 * Remembers at least the last `15/16 * capacity` events, in at most `16 * capacity` bytes (24 where a size is just above a power of two):
 * what comes again within that is a duplicate. Ids are known by 64-bit hashes: among 10 million an event is taken for another with
 * probability 5e-13.
 *
 * @param name of the part in the checkpoint.
 * @throws RangeError unless capacity is a positive integer.
 * @example
 * const window = createEventWindow('events.recent', 10_000_000);
 * if (!window.has(eventId)) window.add(eventId);
 */
export function createEventWindow(name: string, capacity: number): EventWindow {
  if (!Number.isSafeInteger(capacity) || capacity < 1)
    throw new RangeError(`${name}: capacity: expected a positive integer, found ${capacity}`);
  const generationSize = Math.ceil(capacity / generationCount);
  const indexSize = 2 ** Math.ceil(Math.log2(positionsPerId * generationSize));
  let generations: Generation[] = [];

  const begin = (serial: number): Generation => ({
    serial,
    keys: new Uint32Array(2 * generationSize),
    index: new Int32Array(indexSize),
    count: 0,
    saved: undefined,
  });

  /** Position in the index where a key is, or would be put. */
  const positionOf = ({ keys, index }: Generation, low: number, high: number): number => {
    let position = low & (indexSize - 1);
    for (; index[position] !== 0; position = (position + 1) & (indexSize - 1)) {
      const at = 2 * (index[position] - 1);
      if (keys[at] === low && keys[at + 1] === high) break;
    }
    return position;
  };

  const put = (generation: Generation, low: number, high: number): void => {
    const position = positionOf(generation, low, high);
    if (generation.index[position] !== 0) return;
    generation.keys.set([low, high], 2 * generation.count);
    generation.index[position] = ++generation.count;
  };

  const append = (low: number, high: number, firstSerial = 0): void => {
    let current = generations.at(-1);
    if (!current || current.count === generationSize) {
      current = begin(current ? current.serial + 1 : firstSerial);
      generations = [...generations, current].slice(-generationCount);
    }
    put(current, low, high);
  };

  const contains = (low: number, high: number): boolean =>
    generations.some((generation) => generation.index[positionOf(generation, low, high)] !== 0);

  const tensorName = ({ serial }: Generation): string => `generation.${serial}`;
  const tensorFrom = ({ keys, count }: Generation, from: number): StateTensor => ({
    dtype: 'U32',
    shape: [count - from, 2],
    data: keys.subarray(2 * from, 2 * count),
  });
  /** Of the tensors at the last save. */
  let savedNames: string[] = [];
  const markSaved = (): void => {
    for (const generation of generations) generation.saved = generation.count;
    savedNames = generations.map(tensorName);
  };

  return {
    name,
    get size() {
      return generations.reduce((sum, { count }) => sum + count, 0);
    },
    has: (eventId) => {
      const [low, high] = hashIds([eventId]);
      return contains(low, high);
    },
    add: (eventId) => {
      const [low, high] = hashIds([eventId]);
      if (!contains(low, high)) append(low, high);
    },
    snapshot: (): Snapshot => ({
      tensors: Object.fromEntries(generations.map((each) => [tensorName(each), tensorFrom(each, 0)])),
      metadata: null,
    }),
    patch: (): SnapshotPatch => {
      const names = generations.map(tensorName);
      const grown = generations.filter(({ saved, count }) => saved !== undefined && count > saved);
      return {
        tensors: Object.fromEntries(
          generations.filter(({ saved }) => saved === undefined).map((each) => [tensorName(each), tensorFrom(each, 0)]),
        ),
        rows: Object.fromEntries(
          grown.map((each) => {
            const from = each.saved as number;
            const index = Uint32Array.from({ length: each.count - from }, (_, i) => from + i);
            return [tensorName(each), { shape: [each.count, 2], index, data: tensorFrom(each, from) }];
          }),
        ),
        removed: savedNames.filter((each) => !names.includes(each)),
        metadata: null,
      };
    },
    saved: markSaved,
    restore: (snapshot) => {
      const serials = Object.keys(snapshot.tensors).map((each) => Number(each.replace('generation.', '')));
      generations = [];
      // In their order, so that another capacity takes over what it has room for.
      for (const serial of serials.sort((a, b) => a - b)) {
        const keys = tensorOf(name, snapshot, `generation.${serial}`, 'U32');
        for (let at = 0; at < keys.length; at += 2) append(keys[at], keys[at + 1], serials[0]);
      }
      markSaved();
    },
  };
}
