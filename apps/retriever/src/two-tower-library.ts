import { partsOf } from '@gatehouse/artifacts';
import { readCanaries, restoreTwoTowerModel, schemaPart, servingParts } from '@gatehouse/towers';

import type { Parts, TowerLibrary } from './tower-library';

/** The model library as the retriever uses it. */
export const twoTowerLibrary: TowerLibrary = {
  servingParts: (manifest) => servingParts(partsOf(manifest)),
  restoreQueryTower: (parts: Parts) => {
    const { schema, query } = restoreTwoTowerModel(parts);
    return {
      dimension: schema.outputDimension,
      vectorsPerQuery: 1,
      embed: (queries) => query.embed(queries),
      dispose: () => undefined,
    };
  },
  readCanaries,
  schemaOf: (parts: Parts) => parts[schemaPart].metadata as never,
};
