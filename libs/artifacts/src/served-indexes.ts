import type { ModelVersionId } from '@gatehouse/domain';
import { z } from 'zod';

import type { Pointer } from './model-store';

/** Indexes remembered. */
const remembered = 8;

/** What the pointer `servable` says beside version and index: the indexes that have served, newest first, itself the first. */
const detailSchema = z.object({ served: z.array(z.string()) });

/** Indexes that have served, the newest first: these were verified, and may serve again. */
export function servedBefore(servable: Pointer | undefined): readonly string[] {
  const parsed = detailSchema.safeParse(servable?.detail);
  return parsed.success ? parsed.data.served : [];
}

/** The pointer that lets an index serve after those that did. */
export function servablePointer(version: ModelVersionId, indexId: string, before: Pointer | undefined): Pointer {
  const others = servedBefore(before).filter((each) => each !== indexId);
  return { version, indexId, detail: { served: [indexId, ...others].slice(0, remembered) } };
}

/** The index `<version>.<build>` of a version that served last, if any did. */
export function lastIndexOf(version: ModelVersionId, servable: Pointer | undefined): string | undefined {
  return servedBefore(servable).find((indexId) => indexId.startsWith(`${version}.`));
}
