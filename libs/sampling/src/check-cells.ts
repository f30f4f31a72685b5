import type { Snapshot } from '@gatehouse/domain';

/** Size of a sketch: `[hashes, cells]`. */
export interface CellCounts {
  readonly cells: number;
  readonly hashes: number;
}

/** @throws RangeError unless both are positive integers. */
export function checkCells(name: string, { cells, hashes }: CellCounts): void {
  if (!Number.isInteger(cells) || cells < 1) throw optionError(name, 'cells', 'a positive integer', cells);
  if (!Number.isInteger(hashes) || hashes < 1) throw optionError(name, 'hashes', 'a positive integer', hashes);
}

/** @throws RangeError unless a tensor of a snapshot is of a sketch of this size. */
export function checkCellShape(
  name: string,
  { tensors }: Snapshot,
  tensor: string,
  { cells, hashes }: CellCounts,
): void {
  const [expected, found] = [String([hashes, cells]), String(tensors[tensor]?.shape)];
  if (found !== expected) {
    throw new RangeError(`${name}: shape [hashes, cells]: expected [${expected}], found [${found}]`);
  }
}

/** The error for an option that is out of range. */
export function optionError(name: string, option: string, expected: string, found: number): RangeError {
  return new RangeError(`${name}: ${option}: expected ${expected}, found ${found}`);
}
