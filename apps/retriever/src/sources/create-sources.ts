import type { Clock } from '@gatehouse/runtime';

import type { ItemListener } from '../follow-items';
import type { SourceName } from '../retrieve-query';
import type { CandidateSource } from './candidate-source';
import { createItemToItem } from './item-to-item';
import { createLexical } from './lexical';
import { createNewestItems } from './newest-items';
import { popular } from './popular';
import { availableSources, type SourceSettings } from './source-settings';
import { spareFailing } from './spare-failing';
import { createTrending, type Trending } from './trending';
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
  /** Takes what happens in the stream; undefined when it is turned off. */
  readonly trending?: Trending;
  /** Those that live on the catalogue. None: nobody needs to follow it. */
  readonly itemListeners: readonly ItemListener[];
}

/** Creates the sources that settings turn on. */
export function createSources(settings: SourceSettings, clock: Clock): Sources {
  const available = availableSources(settings);
  const trending = createTrending(settings.trending, clock);
  const newest = createNewestItems(settings.new.count);
  const lexical = createLexical(settings.lexical.fields);
  const spared = (source: CandidateSource): CandidateSource => spareFailing(source, () => clock.monotonicMs());
  return {
    available,
    defaults: settings.defaults,
    strangers: settings.strangers,
    byName: {
      'two-tower': spared(twoTower),
      popular, // asks no index
      'item-to-item': spared(createItemToItem(settings.itemToItem.newest)),
      trending: spared(trending.source),
      new: spared(newest.source),
      lexical: spared(lexical.source),
    },
    ...(available.includes('trending') && { trending }),
    itemListeners: [
      ...(available.includes('new') ? [newest] : []),
      ...(available.includes('lexical') ? [lexical] : []),
    ],
  };
}
