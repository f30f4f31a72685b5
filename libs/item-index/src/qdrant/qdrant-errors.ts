/** Qdrant did not answer, or not in time, or said that it cannot now. Causes: it is down, overloaded or out of disk. Worth trying again later. */
export class QdrantUnavailableError extends Error {
  override readonly name = 'QdrantUnavailableError';
  constructor(
    readonly call: string,
    readonly reason: string,
    options?: ErrorOptions,
  ) {
    super(`Qdrant, ${call}: ${reason}: see that it runs and has room`, options);
  }
}

/** Qdrant refused a call for what it is. Causes: a key that is wrong or may not do this; a mistake of ours. Trying again does not help. */
export class QdrantRefusedError extends Error {
  override readonly name = 'QdrantRefusedError';
  constructor(
    readonly call: string,
    readonly status: number,
    readonly reason: string,
    options?: ErrorOptions,
  ) {
    const advice = status === 401 || status === 403 ? ': set a key that may do this in qdrant.apiKeyFile' : '';
    super(`Qdrant, ${call}: refused with ${status}: ${reason}${advice}`, options);
  }
}
