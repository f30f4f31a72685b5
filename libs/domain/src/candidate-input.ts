import type { Features } from './features';
import type { ItemId } from './ids';

/** Everything that the candidate tower may see of one item. Only `libs/towers` turns it into arrays. */
export interface CandidateInput {
  readonly itemId: ItemId;
  readonly features: Features;
}
