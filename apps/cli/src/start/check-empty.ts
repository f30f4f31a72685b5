import type { ImpressionSource, ItemCatalogue } from '@gatehouse/events';

/** There is data where an empty log was asked for. */
export class NotEmptyError extends Error {
  override readonly name = 'NotEmptyError';
  constructor(readonly folder: string) {
    super(
      `--empty: expected an empty log, found data in ${folder}: go on with it without --empty, or name other folders in config/cli.yaml`,
    );
  }
}

/**
 * Makes sure that a log begins empty.
 *
 * @returns how many positives it holds: none.
 * @throws NotEmptyError when catalogue or log hold anything.
 */
export async function checkEmpty(source: ImpressionSource, catalogue: ItemCatalogue, folder: string): Promise<number> {
  const ends = Object.values(await source.endOffsets()).flatMap((partitions) => Object.values(partitions));
  const { values: items } = await catalogue.snapshot();
  if (items.length > 0 || ends.some((end) => end > 0)) throw new NotEmptyError(folder);
  return 0;
}
