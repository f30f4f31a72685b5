import { type Snapshot, type Stateful, tensorOf } from './stateful';

/** Source of uniform numbers whose state belongs into the checkpoint. */
export interface Random extends Stateful {
  /** Uniform in [0, 1), 32 bits of precision. */
  next(): number;
  /** Uniform integer in [0, bound). */
  below(bound: number): number;
}

/**
 * The sfc32 generator (Doty-Humphrey, PractRand): four words of state, passes BigCrush.
 *
 * @example
 * const random = createRandom('negatives', 7);
 * random.below(10); // the same value in every run
 */
export function createRandom(name: string, seed: number): Random {
  const state = new Uint32Array([0, seed, seed ^ 0x9e3779b9, 1]);
  const word = (): number => {
    const sum = (state[0] + state[1] + state[3]) | 0;
    state[3] = state[3] + 1;
    state[0] = state[1] ^ (state[1] >>> 9);
    state[1] = (state[2] + (state[2] << 3)) | 0;
    state[2] = ((state[2] << 21) | (state[2] >>> 11)) + sum;
    return sum >>> 0;
  };
  for (let i = 0; i < 12; i++) word(); // the first words still show the seed
  const next = (): number => word() / 4294967296;
  return {
    name,
    next,
    below: (bound) => Math.floor(next() * bound),
    snapshot: (): Snapshot => ({
      tensors: { state: { dtype: 'U32', shape: [4], data: state.slice() } },
      metadata: null,
    }),
    restore: (snapshot) => state.set(tensorOf(name, snapshot, 'state', 'U32', 4)),
  };
}
