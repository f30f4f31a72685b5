import type { ItemId } from '@gatehouse/domain';

/** An index id that is not `<modelVersion>.<build>`. Cause: a mistake of the caller. Ids become folder names, so nothing else is let in. */
export class InvalidIndexIdError extends Error {
  override readonly name = 'InvalidIndexIdError';

  constructor(readonly indexId: string) {
    super(`index id: expected <modelVersion>.<build> such as 3-17.1, found ${JSON.stringify(indexId.slice(0, 64))}`);
  }
}

/** An index cannot be created under this id. Causes: an earlier build crashed and left it behind; two builders run. */
export class IndexExistsError extends Error {
  override readonly name = 'IndexExistsError';

  constructor(readonly indexId: string) {
    super(`index ${indexId}: expected a free id, found an index: drop it first, or take the next build number`);
  }
}

/** No index has this id. Causes: it was never built; it was dropped, perhaps by another process. */
export class IndexNotFoundError extends Error {
  override readonly name = 'IndexNotFoundError';

  constructor(
    readonly indexId: string,
    options?: ErrorOptions,
  ) {
    super(`index ${indexId}: not found: it was never built, or it was dropped`, options);
  }
}

/** An index whose bulk load has not ended. Causes: it is being built right now; its builder died. */
export class IndexNotSealedError extends Error {
  override readonly name = 'IndexNotSealedError';

  constructor(readonly indexId: string) {
    super(`index ${indexId}: not sealed: wait for its builder, or, if that died, drop the index and build it again`);
  }
}

/** A handle used after it was closed. Cause: a mistake of the caller. */
export class IndexClosedError extends Error {
  override readonly name = 'IndexClosedError';

  constructor(readonly indexId: string) {
    super(`index ${indexId}: this handle was closed: open the index again`);
  }
}

/** Files of an index differ from what was written. Causes: a disk fault, an incomplete copy, a change by hand. */
export class IndexDamagedError extends Error {
  override readonly name = 'IndexDamagedError';

  constructor(
    readonly indexId: string,
    readonly file: string,
    readonly expected: string,
    readonly found: string,
    options?: ErrorOptions,
  ) {
    super(
      `index ${indexId}, ${file}: expected ${expected}, found ${found}: drop the index and build it again`,
      options,
    );
  }
}

/** A vector of the wrong length. Causes: a query tower of another model version; a point of another index. */
export class DimensionError extends Error {
  override readonly name = 'DimensionError';

  constructor(
    readonly expected: number,
    readonly found: number,
    /** The point, or undefined for a query. */
    readonly itemId: ItemId | undefined,
  ) {
    super(`vector of ${subject(itemId)}: expected ${expected} numbers, found ${found}`);
  }
}

/** A vector with NaN or infinite numbers, which would spoil every order. Cause: a model that diverged. */
export class NonFiniteVectorError extends Error {
  override readonly name = 'NonFiniteVectorError';

  constructor(
    readonly position: number,
    readonly found: number,
    /** The point, or undefined for a query. */
    readonly itemId: ItemId | undefined,
  ) {
    super(`vector of ${subject(itemId)}, position ${position}: expected a finite number, found ${found}`);
  }
}

/** A point that cannot be stored. Causes: an id out of bounds, an undeclared attribute, a number that is not finite. */
export class InvalidPointError extends Error {
  override readonly name = 'InvalidPointError';

  constructor(
    readonly itemId: ItemId,
    readonly field: string,
    readonly reason: string,
  ) {
    super(`${subject(itemId)}, ${field}: ${reason}`);
  }
}

/** A filter that cannot be evaluated. Causes: an undeclared attribute, too deep a nesting, a range without bounds. */
export class InvalidFilterError extends Error {
  override readonly name = 'InvalidFilterError';

  constructor(
    /** Where in the filter, such as `filter.allOf[1].equals`. */
    readonly path: string,
    readonly reason: string,
  ) {
    super(`${path}: ${reason}`);
  }
}

function subject(itemId: ItemId | undefined): string {
  return itemId === undefined ? 'the query' : `item ${JSON.stringify(itemId)}`;
}
