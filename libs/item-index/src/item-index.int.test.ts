import { openTemporaryStore } from './embedded/temporary-store.fixture';
import { createExactItemIndexStore } from './exact';
import { filterSelectivityContract } from './filter-selectivity.contract';
import { itemIndexContract } from './item-index.contract';
import { itemIndexStoreContract } from './item-index-store.contract';
import { naiveIndexContract } from './naive-index.contract';
import { type AdapterUnderTest, byHalves } from './under-test.fixture';

const defaults: AdapterUnderTest = {
  name: 'embedded, as it comes',
  exact: false,
  isLocal: true,
  open: () => openTemporaryStore(),
};

const UNDER_TEST: readonly AdapterUnderTest[] = [
  {
    name: 'exact',
    exact: true,
    isLocal: true,
    open: async () => ({ store: createExactItemIndexStore(), close: async () => undefined }),
  },
  {
    name: 'embedded, exact below infinity',
    exact: true,
    isLocal: true,
    open: () => openTemporaryStore({ exactBelow: Infinity }),
  },
  {
    name: 'embedded, always with a graph',
    exact: false,
    isLocal: true,
    // Narrow searches, so that the graph answers for few points too: it does from 16 rows per hit on.
    open: () => openTemporaryStore({ exactBelow: 0, expansionSearch: 16 }),
  },
];

/** Goes by the first half of the vectors first. */
const coarse: AdapterUnderTest = {
  name: 'embedded, prefixes first',
  exact: false,
  isLocal: true,
  goesByPrefix: true,
  open: async () => {
    const { store, close } = await openTemporaryStore({ exactBelow: 0 });
    return { store: byHalves(store), close };
  },
};
naiveIndexContract(coarse);

for (const adapter of UNDER_TEST) {
  itemIndexContract(adapter);
  itemIndexStoreContract(adapter);
  naiveIndexContract(adapter);
}
filterSelectivityContract(UNDER_TEST[0]);
filterSelectivityContract(defaults);
