import type { Context } from './features';
import type { ItemId, UserId } from './ids';

/** One item shown to one user and what the user did with it: the unit of the stream. */
export interface Impression {
  /** Unique id of the event; deliveries that repeat it are applied once. */
  readonly eventId: string;
  readonly userId: UserId;
  readonly itemId: ItemId;
  /** When it happened, in milliseconds since 1970. */
  readonly eventTimeMs: number;
  /** What the user did (`shown`, `click`, ...). The schema gives each action its weight. */
  readonly action: string;
  /** The request that led to the impression; joins `shown` and `click`. */
  readonly requestId?: string;
  /** 1-based rank at which the item was shown. */
  readonly position?: number;
  /** Probability with which the item was chosen for this place, in (0, 1]. */
  readonly propensity?: number;
  /** Model version that produced the candidate. */
  readonly modelVersion?: string;
  readonly context?: Context;
}
