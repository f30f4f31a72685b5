import { readCanaries, restoreTwoTowerModel, schemaPart } from '@gatehouse/towers';

import type { Parts, TowerLibrary } from './tower-library';

const modelFile = /^(schema|table\..+|(query|candidate)\.dense)\.safetensors$/;

/** The model library as the retriever uses it. */
export const twoTowerLibrary: TowerLibrary = {
  servingParts: ({ files }) =>
    files.filter(({ name }) => modelFile.test(name)).map(({ name }) => name.slice(0, -'.safetensors'.length)),
  restoreQueryTower: (parts: Parts) => {
    const { schema, query } = restoreTwoTowerModel(parts);
    return { dimension: schema.outputDimension, embed: (queries) => query.embed(queries), dispose: () => undefined };
  },
  readCanaries,
  schemaOf: (parts: Parts) => parts[schemaPart].metadata as never,
};
