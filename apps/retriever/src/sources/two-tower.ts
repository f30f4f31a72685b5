import type { CandidateSource } from './candidate-source';
import { searchNearest } from './search-nearest';

/** Items whose vectors are nearest to the query vector, or to the nearest of several. */
export const twoTower: CandidateSource = (request) => searchNearest(request, request.vectors);
