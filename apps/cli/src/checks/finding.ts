/** Something in the data that will harm learning, or that somebody should know before it is learned. */
export interface Finding {
  /** Stable name, for whoever reads the report by program. */
  readonly kind: string;
  readonly count: number;
  /** What was found, and what it means. */
  readonly text: string;
  /** The first of them. */
  readonly examples: readonly string[];
}

/** Examples that a finding shows. */
export const examplesShown = 3;
