import { itemIndexContract } from '../item-index.contract';
import { itemIndexStoreContract } from '../item-index-store.contract';
import { naiveIndexContract } from '../naive-index.contract';
import type { AdapterUnderTest } from '../under-test.fixture';
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

describeQdrant('on a server', () => {
  for (const adapter of UNDER_TEST) {
    itemIndexContract(adapter);
    itemIndexStoreContract(adapter);
    naiveIndexContract(adapter);
  }
});
