import type { CandidateSource } from './candidate-source';
import { searchUnseen } from './search-unseen';

/** Items whose vectors are nearest to the query vector. */
export const twoTower: CandidateSource = (request) => searchUnseen(request);
