import { compareModelVersions, type ModelVersionId } from '@gatehouse/domain';

import { InvalidIndexIdError } from './errors';

/** The parts of an index id `<modelVersion>.<build>`. */
export interface IndexId {
  readonly modelVersion: ModelVersionId;
  /** Counts the builds of one model version. */
  readonly build: number;
}

const pattern = /^([1-9]\d{0,14}-[1-9]\d{0,14})\.(\d{1,15})$/;

/**
 * Parses `<modelVersion>.<build>`.
 *
 * @throws InvalidIndexIdError when the text has another form; so an id never leads out of its store's folder.
 * @example parseIndexId('3-17.1'); // { modelVersion: '3-17', build: 1 }
 */
export function parseIndexId(indexId: string): IndexId {
  const match = pattern.exec(indexId);
  if (!match) throw new InvalidIndexIdError(indexId);
  return { modelVersion: match[1], build: Number(match[2]) };
}

/** Whether a text is an index id. */
export function isIndexId(text: string): boolean {
  return pattern.test(text);
}

/** Orders index ids by model version, then build: negative when `a` is the older. */
export function compareIndexIds(a: string, b: string): number {
  const [left, right] = [parseIndexId(a), parseIndexId(b)];
  return compareModelVersions(left.modelVersion, right.modelVersion) || left.build - right.build;
}
