import type { SourceName } from '../retrieve-query';
import type { CandidateSource } from './candidate-source';
import { createItemToItem } from './item-to-item';
import { popular } from './popular';
import { availableSources, type SourceSettings } from './source-settings';
import { twoTower } from './two-tower';

/** The sources of one retriever. */
export interface Sources {
  /** Those that requests may ask for. */
  readonly available: readonly SourceName[];
  /** Of a request that names none, by a user of whom something is known. */
  readonly defaults: readonly SourceName[];
  /** The same for a user of whom nothing is known. */
  readonly strangers: readonly SourceName[];
  readonly byName: Readonly<Record<SourceName, CandidateSource>>;
}

/** Creates the sources that settings turn on. */
export function createSources(settings: SourceSettings): Sources {
  return {
    available: availableSources(settings),
    defaults: settings.defaults,
    strangers: settings.strangers,
    byName: {
      'two-tower': twoTower,
      popular,
      'item-to-item': createItemToItem(settings.itemToItem.newest),
    },
  };
}
