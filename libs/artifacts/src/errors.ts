import type { ModelVersionId } from '@gatehouse/domain';

import type { WriterRole } from './model-store';

/** Something about one version that trying again does not change. */
export abstract class VersionError extends Error {
  constructor(
    readonly version: ModelVersionId,
    problem: string,
    options?: ErrorOptions,
  ) {
    super(`version ${version}: ${problem}`, options);
  }
}

/**
 * A stored version that must not be used.
 *
 * Causes: a file is missing, is a link, has another size or SHA-256 than the manifest says, or breaks its own format; the base of a
 * delta is missing, is not the one that the delta was made from, or does not fit it.
 */
export class DamagedVersionError extends VersionError {
  override readonly name = 'DamagedVersionError';
  constructor(
    version: ModelVersionId,
    /** Name of the file within the version. */
    readonly file: string,
    readonly reason: string,
    options?: ErrorOptions,
  ) {
    super(version, `${file}: ${reason}; use another version, or restore this one from a copy`, options);
  }
}

/** The store holds no version of this id: it was never saved, or it was pruned. */
export class MissingVersionError extends VersionError {
  override readonly name = 'MissingVersionError';
  constructor(version: ModelVersionId) {
    super(version, 'not in the store; choose one that list() names');
  }
}

/** A sound version that this release cannot read. */
export class UnsupportedVersionError extends VersionError {
  override readonly name = 'UnsupportedVersionError';
  constructor(
    version: ModelVersionId,
    /** What the version is, such as `format 2`. */
    readonly found: string,
  ) {
    super(version, `expected format 1, found ${found}; read it with the release that wrote it`);
  }
}

/** A version was asked for a part that it does not have. */
export class MissingPartError extends VersionError {
  override readonly name = 'MissingPartError';
  constructor(
    version: ModelVersionId,
    readonly part: string,
    readonly parts: readonly string[],
  ) {
    super(version, `expected a part ${part}, found ${parts.join(', ') || 'none'}`);
  }
}

/** A version of this id is stored already; versions never change. */
export class VersionExistsError extends VersionError {
  override readonly name = 'VersionExistsError';
  constructor(version: ModelVersionId) {
    super(version, 'stored already; save under the next sequence number');
  }
}

/** There are versions, but none of those tried can be used. The cause is what the newest was refused for. */
export class NoUsableVersionError extends Error {
  override readonly name = 'NoUsableVersionError';
  constructor(
    readonly tried: readonly ModelVersionId[],
    options?: ErrorOptions,
  ) {
    super(
      `expected a usable version, found none among ${tried.join(', ')}; restore one of them from a copy, or start anew in another folder`,
      options,
    );
  }
}

/** A pointer file whose bytes are not what was written. */
export class DamagedPointerError extends Error {
  override readonly name = 'DamagedPointerError';
  constructor(
    readonly file: string,
    readonly reason: string,
    options?: ErrorOptions,
  ) {
    super(`pointer ${file}: ${reason}; restore it from a copy, or remove it to return to the epoch before`, options);
  }
}

/** Another writer of the same role has taken over. Whether a call that was under way took effect is not known. */
export class FencedError extends Error {
  override readonly name = 'FencedError';
  constructor(
    readonly role: WriterRole,
    readonly epoch: number,
    readonly newerEpoch: number,
  ) {
    super(`${role} of epoch ${epoch}: fenced, epoch ${newerEpoch} was taken; stop writing, or lead again`);
  }
}

/** The disk refused a write. What was stored before is intact, so the same call may be tried again. */
export class StoreWriteError extends Error {
  override readonly name: string = 'StoreWriteError';
  constructor(
    readonly path: string,
    /** The system's error code, such as `ENOSPC`, `EROFS`, `EACCES`, `EIO`. */
    readonly code: string,
    options?: ErrorOptions & { readonly problem?: string },
  ) {
    super(
      `cannot write ${path}: ${options?.problem ?? code}; what was stored before is intact, try again once writing is possible`,
      options,
    );
  }
}

/** There is not enough free space to begin. */
export class DiskFullError extends StoreWriteError {
  override readonly name = 'DiskFullError';
  constructor(
    folder: string,
    /** Twice the bytes of the version: one copy, and room for what others write meanwhile. */
    readonly neededBytes: number,
    readonly freeBytes: number,
  ) {
    super(folder, 'ENOSPC', { problem: `expected more than ${neededBytes} bytes free, found ${freeBytes}` });
  }
}
