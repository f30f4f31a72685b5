import type { Features } from './features';
import type { UserId } from './ids';

/** What a team says of one of its users, beside what the user does. */
export interface UserProfile {
  readonly userId: UserId;
  readonly features: Features;
}
