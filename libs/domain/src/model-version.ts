/** Id of one immutable model version, `<epoch>-<sequence>`, for example `3-17`. */
export type ModelVersionId = string;

/** The two counters of a model version id. Both count from 1. */
export interface ModelVersion {
  /** Which leadership of the trainer wrote it; taken from the store by an exclusive create. */
  readonly epoch: number;
  /** How many versions that model has seen, across epochs. */
  readonly sequence: number;
}

const pattern = /^([1-9]\d{0,14})-([1-9]\d{0,14})$/;

/**
 * Parses `<epoch>-<sequence>`.
 *
 * @throws RangeError when the text has another form.
 * @example parseModelVersion('3-17'); // { epoch: 3, sequence: 17 }
 */
export function parseModelVersion(id: string): ModelVersion {
  const match = pattern.exec(id);
  if (!match)
    throw new RangeError(`model version: expected <epoch>-<sequence>, found ${JSON.stringify(id.slice(0, 64))}`);
  return { epoch: Number(match[1]), sequence: Number(match[2]) };
}

/** Writes `<epoch>-<sequence>`; the inverse of {@link parseModelVersion}. */
export function formatModelVersion({ epoch, sequence }: ModelVersion): ModelVersionId {
  return `${epoch}-${sequence}`;
}

/** Orders versions by epoch, then sequence: negative when `a` is the older. */
export function compareModelVersions(a: ModelVersionId, b: ModelVersionId): number {
  const [left, right] = [parseModelVersion(a), parseModelVersion(b)];
  return left.epoch - right.epoch || left.sequence - right.sequence;
}
