import type { Json, ModelVersionId, Offsets, Snapshot, SnapshotPatch } from '@gatehouse/domain';

/** Deltas that a reader applies to a full version at most. A longer chain costs more to load, and hangs on more files. */
export const maxDeltas = 8;

/** One file of a version, as its manifest lists it. */
export interface ManifestFile {
  readonly name: string;
  readonly bytes: number;
  /** Lower-case hex of the file's SHA-256. */
  readonly sha256: string;
}

/** What `manifest.json` of a version says. */
export interface Manifest {
  readonly formatVersion: 1;
  readonly id: ModelVersionId;
  /** The version that this one continues. */
  readonly parent: ModelVersionId | null;
  readonly kind: 'full' | 'delta';
  /** For a delta: the version that it changes. Null for a full checkpoint. */
  readonly base: ModelVersionId | null;
  /** For a delta: SHA-256 of the base's manifest, which itself has those of its files. So no other version can take its place. */
  readonly baseSha256?: string;
  readonly schemaHash: string;
  /** Every file of the version, one per part: `<part>.safetensors`, or `<part>.patch.safetensors` for one told as a change. */
  readonly files: readonly ManifestFile[];
  /** Next offset to read of every partition of every topic. */
  readonly offsets: Offsets;
  /** Figures about the version, such as `{ events: 10000, loss: 4.2 }`. */
  readonly metrics: Readonly<Record<string, number>>;
  readonly createdAtMs: number;
}

/** What a writer hands over; the store adds hashes, sizes and the time. */
export interface VersionDraft {
  readonly id: ModelVersionId;
  readonly parent: ModelVersionId | null;
  readonly schemaHash: string;
  readonly offsets: Offsets;
  readonly metrics: Readonly<Record<string, number>>;
  /** Part name -> what it saves whole. Each becomes one file. */
  readonly parts: Readonly<Record<string, Snapshot>>;
  /** Makes the version a delta of a stored one, with the same schema. @default null: a full version */
  readonly base?: ModelVersionId | null;
  /** For a delta: part name -> what changed in it since the base. Parts of the base that a delta does not name are not in it. */
  readonly patches?: Readonly<Record<string, SnapshotPatch>>;
}

/** A version whose files were read and whose hashes were checked. */
export interface LoadedVersion {
  readonly manifest: Manifest;
  /** Whole parts, whether the version is full or a delta. */
  readonly parts: Readonly<Record<string, Snapshot>>;
}

/**
 * Pointers that the store keeps. `checkpoint`: newest state to resume from. `latest`: newest version offered to the embedder.
 * `refreshing`: version that the embedder works on, so that it is not pruned meanwhile. `servable`: version and build that retrievers
 * serve. `pinned`: version that an operator wants to serve, whatever is newer.
 */
export type PointerName = 'checkpoint' | 'latest' | 'refreshing' | 'servable' | 'pinned';

/** Who writes: roles take their epochs independently. */
export type WriterRole = 'trainer' | 'embedder' | 'operator';

/** A pointer's value. */
export interface Pointer {
  readonly version: ModelVersionId;
  /** For `servable`: the index id `<modelVersion>.<build>`. */
  readonly indexId?: string;
  readonly detail?: Json;
}

/** Reads versions; what every process may do. */
export interface ModelReader {
  /**
   * Value of a pointer in the greatest epoch, or undefined before its first write.
   * @throws DamagedPointerError when what is stored is not what was written.
   */
  pointer(name: PointerName): Promise<Pointer | undefined>;
  /** Ids that have a manifest, oldest first. */
  list(): Promise<ModelVersionId[]>;
  /** @throws MissingVersionError, DamagedVersionError, UnsupportedVersionError. */
  manifest(id: ModelVersionId): Promise<Manifest>;
  /**
   * Reads a version, or only the named parts of it, and checks size and SHA-256 of each file before use. A delta is resolved: the
   * parts of the full version that it rests on, then each change in order.
   * @throws DamagedVersionError naming version, file and reason when anything differs from the manifest, for a delta also in what it
   * rests on: the version that it names is then the one that is damaged; MissingVersionError; MissingPartError;
   * UnsupportedVersionError.
   */
  load(id: ModelVersionId, parts?: readonly string[]): Promise<LoadedVersion>;
}

/**
 * A writer that holds one epoch. Its calls take effect in their order. Once a greater epoch was taken, each throws FencedError and
 * whatever it still writes is never read. When the medium refuses a write they throw StoreWriteError, and what was stored is intact.
 */
export interface ModelWriter {
  readonly epoch: number;
  /** For writes to other places than the store. @throws FencedError once a greater epoch of the role was taken. */
  checkLeads(): Promise<void>;
  /**
   * Writes files, fsyncs, renames into place: afterwards the version exists whole or not at all. Moves no pointer. Trainer only.
   * The parts must not change before it returns.
   * @throws RangeError for a draft of another epoch or one that could not be read again, such as one more than {@link maxDeltas}
   * deltas; VersionExistsError; MissingVersionError or DamagedVersionError for a base that cannot be built on; DiskFullError before
   * anything is written, unless twice the version's size is free.
   */
  save(draft: VersionDraft): Promise<Manifest>;
  /**
   * Replaces a pointer of the writer's role atomically. When it returns, every later leader starts from this value; when it throws
   * FencedError, the new leader may or may not have seen it.
   * @throws MissingVersionError when the version is not stored.
   */
  point(name: PointerName, to: Pointer): Promise<void>;
  /**
   * Removes versions that are neither among the newest `keep` nor among the newest `keep` full ones, never one that a pointer or
   * `protect` names, nor what a kept delta rests on. So there are always `keep` versions of which none needs another's files.
   * @returns what was removed, oldest first
   */
  prune(keep: number, protect: readonly ModelVersionId[]): Promise<ModelVersionId[]>;
}

/** Where model versions live. */
export interface ModelStore extends ModelReader {
  /**
   * Takes the next epoch of a role by an exclusive create and copies the role's pointers into it, so older writers are fenced.
   * @throws FencedError when another writer takes the epoch after it meanwhile; StoreWriteError; DamagedPointerError.
   */
  lead(role: WriterRole): Promise<ModelWriter>;
}
