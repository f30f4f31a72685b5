import type { Features } from './features';
import type { ItemId } from './ids';

/** One item of the catalogue. */
export interface Item {
  readonly itemId: ItemId;
  readonly features: Features;
  /** False takes the item out of every answer and keeps its learned row. */
  readonly available: boolean;
}
