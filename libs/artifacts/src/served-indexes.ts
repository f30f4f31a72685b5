import type { ModelVersionId } from '@gatehouse/domain';
import { z } from 'zod';

import type { Pointer } from './model-store';

/** Indexes remembered. */
const remembered = 8;

const servedSchema = z.object({
  indexId: z.string(),
  /** Width of search that meets the recall that is asked of it; 0: the index's own. */
  effort: z.int().min(0),
});

const curveSchema = z.array(z.object({ effort: z.number(), recall: z.number(), ms: z.number() }));

/** What the pointer `servable` says beside version and index. */
const detailSchema = z.object({
  /** The indexes that have served, newest first, itself the first. */
  served: z.array(servedSchema),
  /** What the widths of search that were tried found and cost. */
  curve: curveSchema,
});

/** An index that has served: it was verified, and may serve again. */
export type ServedIndex = z.infer<typeof servedSchema>;

/** Width of search, recall and milliseconds, as measured when the index was built. */
export type SearchCurve = readonly Readonly<z.infer<typeof curveSchema>[number]>[];

const nothing: z.infer<typeof detailSchema> = { served: [], curve: [] };

function detailOf(servable: Pointer | undefined): z.infer<typeof detailSchema> {
  const parsed = detailSchema.safeParse(servable?.detail);
  return parsed.success ? parsed.data : nothing;
}

/** Indexes that have served, the newest first: the one that does among them, whatever else its pointer says. */
export function servedBefore(servable: Pointer | undefined): readonly ServedIndex[] {
  const { served } = detailOf(servable);
  const indexId = servable?.indexId;
  if (indexId === undefined || served.some((each) => each.indexId === indexId)) return served;
  return [{ indexId, effort: 0 }, ...served];
}

/** The pointer that lets an index serve after those that did. */
export function servablePointer(
  version: ModelVersionId,
  { indexId, effort }: ServedIndex,
  before: Pointer | undefined,
  curve: SearchCurve = [],
): Pointer {
  const others = servedBefore(before).filter((each) => each.indexId !== indexId);
  return {
    version,
    indexId,
    detail: { served: [{ indexId, effort }, ...others].slice(0, remembered), curve: [...curve] },
  };
}

/** The index `<version>.<build>` of a version that served last, if any did. */
export function lastIndexOf(version: ModelVersionId, servable: Pointer | undefined): ServedIndex | undefined {
  return servedBefore(servable).find(({ indexId }) => indexId.startsWith(`${version}.`));
}

/** Width of search of the index that serves; 0: the index's own. */
export function searchEffortOf(servable: Pointer): number {
  return servedBefore(servable).find(({ indexId }) => indexId === servable.indexId)?.effort ?? 0;
}

/** What was measured when the index that serves was built. */
export function searchCurveOf(servable: Pointer | undefined): SearchCurve {
  return detailOf(servable).curve;
}
