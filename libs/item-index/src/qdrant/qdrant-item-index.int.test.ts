import { filterSelectivityContract } from '../filter-selectivity.contract';
import { itemIndexContract } from '../item-index.contract';
import { itemIndexStoreContract } from '../item-index-store.contract';
import { naiveIndexContract } from '../naive-index.contract';
import { type AdapterUnderTest, byHalves } from '../under-test.fixture';
import { describeQdrant, openQdrantStore } from './server.fixture';

jest.setTimeout(60_000);

const UNDER_TEST: readonly AdapterUnderTest[] = [
  {
    name: 'Qdrant, exact below the threshold',
    exact: true,
    isLocal: false,
    open: () => openQdrantStore(),
  },
  {
    name: 'Qdrant, with a graph',
    exact: false,
    isLocal: false,
    open: () => openQdrantStore({ indexingThresholdKb: 1 }),
  },
];

/** Looks at smaller copies first, and decides by the full vectors: only what it finds may differ. */
const quantized: AdapterUnderTest = {
  name: 'Qdrant, scalar quantization',
  exact: false,
  isLocal: false,
  open: () => openQdrantStore({ quantization: 'scalar', indexingThresholdKb: 1 }),
};

/** Goes by the first half of the vectors first. */
const coarse: AdapterUnderTest = {
  name: 'Qdrant, prefixes first',
  exact: false,
  isLocal: false,
  goesByPrefix: true,
  open: async () => {
    const { store, close } = await openQdrantStore({ indexingThresholdKb: 1 });
    return { store: byHalves(store), close };
  },
};

describeQdrant('on a server', () => {
  for (const adapter of UNDER_TEST) {
    itemIndexContract(adapter);
    itemIndexStoreContract(adapter);
    naiveIndexContract(adapter);
    filterSelectivityContract(adapter);
  }
  naiveIndexContract(quantized);
  filterSelectivityContract(quantized, 0.9); // it looks at twice as many as are asked for, by their smaller copies
  naiveIndexContract(coarse);
});
