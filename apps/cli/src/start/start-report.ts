import type { VersionReport } from './monitor';

/** A moment of the run. */
export interface Phase {
  readonly name: string;
  /** When it was reached, counted from the end of the installation. */
  readonly seconds: number;
}

/** What `reports/start.json` says. */
export interface StartReport {
  /** Positives in the log. */
  readonly events: number;
  /** From the end of the installation, build included, to the first non-empty answer. Null when there was nothing to learn. */
  readonly secondsToFirstCandidates: number | null;
  /** Prequential, full catalogue, over the second half of the stream. Null when this run did not learn it. */
  readonly recallAt10: number | null;
  readonly popularityRecallAt10: number | null;
  readonly versions: readonly VersionReport[];
  readonly phases: readonly Phase[];
}
