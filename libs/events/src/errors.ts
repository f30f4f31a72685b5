/**
 * A reader asked for an offset that the log does not hold.
 * Causes: retention overtook the reader; the log was replaced by a newer, shorter one.
 */
export class OffsetOutOfRangeError extends Error {
  override readonly name = 'OffsetOutOfRangeError';

  constructor(
    readonly topic: string,
    readonly partition: number,
    readonly requested: number,
    /** First offset still held. */
    readonly earliest: number,
    /** Next offset that will be written. */
    readonly end: number,
  ) {
    super(
      `topic ${topic}, partition ${partition}: expected an offset from ${earliest} to ${end}, found ${requested}: ` +
        'records between are gone; start from a newer checkpoint, or accept the loss and start at the earliest offset',
    );
  }
}

/** Offsets are missing inside the retained log. Cause: damaged files. Reading on would lose events silently. */
export class OffsetGapError extends Error {
  override readonly name = 'OffsetGapError';

  constructor(
    readonly topic: string,
    readonly partition: number,
    readonly expected: number,
    /** Next offset present, or undefined when none follows. */
    readonly found: number | undefined,
  ) {
    super(
      `topic ${topic}, partition ${partition}: expected offset ${expected}, found ${found ?? 'none'}: ` +
        'the log is damaged; restore its folder from a copy',
    );
  }
}

/**
 * The embedded store could not read or write.
 * Causes: full disk, read-only folder, a path that is no folder, damaged files. `cause` tells which.
 */
export class StorageError extends Error {
  override readonly name = 'StorageError';

  constructor(
    readonly folder: string,
    readonly operation: 'open' | 'read' | 'write',
    cause: unknown,
  ) {
    super(`${folder}: ${operation} failed: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}

/** This process no longer leads; another trainer does, or will. What was not saved is learned again by that one. */
export class LeadershipLostError extends Error {
  override readonly name = 'LeadershipLostError';

  constructor() {
    super('another trainer was chosen to lead');
  }
}
