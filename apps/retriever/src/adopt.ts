import { type LoadedVersion, type ModelReader, partsOf, type Pointer, searchEffortOf } from '@gatehouse/artifacts';
import type { ModelVersionId, Snapshot } from '@gatehouse/domain';
import type { ItemIndex, ItemIndexStore } from '@gatehouse/item-index';
import { canarySkew } from '@gatehouse/towers';

import type { ServingPair } from './serving-pair';
import { popularityPart, readPopular } from './sources/popular';
import type { Canary, QueryTower, TowerLibrary } from './tower-library';

/** Collaborators of {@link adopt}. */
export interface Adopting {
  readonly models: Pick<ModelReader, 'manifest'>;
  /** Reads parts of a version and checks their hashes, without holding up the event loop. */
  readonly loadParts: (version: ModelVersionId, parts: readonly string[]) => Promise<LoadedVersion>;
  readonly indexes: Pick<ItemIndexStore, 'open'>;
  readonly towers: TowerLibrary;
}

/** A version that must not serve. The message says why; the old version keeps serving. */
export class VersionRefusedError extends Error {
  override readonly name = 'VersionRefusedError';
  constructor(
    readonly version: ModelVersionId,
    readonly reason: string,
    options?: ErrorOptions,
  ) {
    super(`version ${version}: ${reason}`, options);
  }
}

/** Name of the part of a version that holds its canaries. */
const canariesPart = 'canaries';
/** Largest difference of a recomputed canary: far above the rounding of one backend or another, far below what changes a rank. */
const maxSkew = 1e-5;
/** A version with fewer canaries proves nothing. */
const minCanaries = 32;
/** Canaries to recompute: enough to meet every feature, few enough for one short pause. */
const canariesRecomputed = 64;
const popularCount = 1000;
const warmUpSearches = 8;

/**
 * Makes the serving pair that the `servable` pointer names: load, restore, prove with canaries, warm up.
 *
 * @throws VersionRefusedError for whatever is wrong with the version, its index or the fit between the two; nothing stays open.
 */
export async function adopt(pointer: Pointer, adopting: Adopting): Promise<ServingPair> {
  const { version } = pointer;
  const opened: { tower?: QueryTower; index?: ItemIndex } = {};
  try {
    const { manifest, parts } = await loadParts(version, adopting);
    const schema = adopting.towers.schemaOf(parts);
    const canaries = adopting.towers.readCanaries(partOf(parts, canariesPart));
    const tower = (opened.tower = adopting.towers.restoreQueryTower(parts));
    proveTower(version, tower, canaries);
    const index = (opened.index = await adopting.indexes.open(indexIdOf(pointer)));
    checkFit(version, tower, index);
    await warmUp(index, canaries);
    return {
      version,
      queryTower: tower,
      index,
      searchEffort: searchEffortOf(pointer),
      popular: parts[popularityPart] ? await readPopular(parts[popularityPart], index, popularCount) : [],
      schema,
      offsets: manifest.offsets,
      modelEventTimeMs: timeOf(manifest.metrics['eventTimeMs']),
      catalogueTimeMs: timeOf(index.spec.manifest['catalogueTimeMs']),
    };
  } catch (cause) {
    opened.tower?.dispose();
    await opened.index?.close();
    if (cause instanceof VersionRefusedError) throw cause;
    throw new VersionRefusedError(version, cause instanceof Error ? cause.message : String(cause), { cause });
  }
}

async function loadParts(version: ModelVersionId, { models, loadParts, towers }: Adopting): Promise<LoadedVersion> {
  const manifest = await models.manifest(version);
  const wanted = new Set([...towers.servingParts(manifest), canariesPart]);
  if (partsOf(manifest).includes(popularityPart)) wanted.add(popularityPart);
  return loadParts(version, [...wanted]);
}

function partOf(parts: LoadedVersion['parts'], name: string): Snapshot {
  const part = parts[name];
  if (!part) throw new RangeError(`expected part ${name}, found ${Object.keys(parts).join(', ')}`);
  return part;
}

/** Recomputes canaries, evenly spread over all, one by one as queries come and together: serving must see what training saw. */
function proveTower(version: ModelVersionId, tower: QueryTower, canaries: readonly Canary[]): void {
  if (canaries.length < minCanaries)
    throw new VersionRefusedError(version, `expected at least ${minCanaries} canaries, found ${canaries.length}`);
  const count = Math.min(canariesRecomputed, canaries.length);
  const sample = Array.from({ length: count }, (_, i) => canaries[Math.floor((i * canaries.length) / count)]);
  const skew = Math.max(canarySkew(sample, tower), ...sample.map((canary) => canarySkew([canary], tower)));
  if (!(skew <= maxSkew))
    throw new VersionRefusedError(version, `expected canary vectors to differ by at most ${maxSkew}, found ${skew}`);
}

function indexIdOf({ version, indexId }: Pointer): string {
  if (!indexId?.startsWith(`${version}.`))
    throw new VersionRefusedError(version, `expected an index ${version}.<build>, found ${indexId ?? 'none'}`);
  return indexId;
}

function checkFit(version: ModelVersionId, tower: QueryTower, { spec }: ItemIndex): void {
  if (spec.dimension !== tower.dimension)
    throw new VersionRefusedError(
      version,
      `expected an index of dimension ${tower.dimension}, found ${spec.dimension}`,
    );
  const indexed = spec.manifest['modelVersion'];
  if (indexed !== version)
    throw new VersionRefusedError(
      version,
      `expected an index of the same version, found one of ${JSON.stringify(indexed)}`,
    );
}

/** Brings the index into memory, so that the first calls after the switch are not slower than others. */
async function warmUp(index: ItemIndex, canaries: readonly Canary[]): Promise<void> {
  for (const { vector } of canaries.slice(0, warmUpSearches)) await index.search({ vector, k: 100 });
}

function timeOf(value: unknown): number {
  return typeof value === 'number' && Number.isFinite(value) && value > 0 ? Math.trunc(value) : 0;
}
