export {
  DamagedPointerError,
  DamagedVersionError,
  DiskFullError,
  FencedError,
  MissingPartError,
  MissingVersionError,
  NoUsableVersionError,
  StoreWriteError,
  UnsupportedVersionError,
  VersionError,
  VersionExistsError,
} from './errors';
export {
  lastIndexOf,
  type SearchCurve,
  searchCurveOf,
  searchEffortOf,
  servablePointer,
  servedBefore,
  type ServedIndex,
} from './served-indexes';
export { pinnedVersion, pinVersion, releasePin } from './pin';
export { partsOf } from './parts-of';
export { loadNewest, type RefusedVersion } from './load-newest';
export { maxDeltas } from './model-store';
export type {
  LoadedVersion,
  Manifest,
  ManifestFile,
  ModelReader,
  ModelStore,
  ModelWriter,
  Pointer,
  PointerName,
  VersionDraft,
  WriterRole,
} from './model-store';
