import { createEmbeddedItemCatalogue, openEmbeddedLog } from './embedded';
import { type CatalogueUnderTest, itemCatalogueContract } from './item-catalogue.contract';
import { createMemoryItemCatalogue } from './memory';
import { temporaryFolder } from './samples.contract';

async function openEmbedded(): Promise<CatalogueUnderTest> {
  const folder = await temporaryFolder();
  const log = openEmbeddedLog({ folder: folder.path });
  return {
    catalogue: createEmbeddedItemCatalogue(log),
    async close() {
      await log.close();
      await folder.remove();
    },
  };
}

const UNDER_TEST: Record<string, () => Promise<CatalogueUnderTest>> = {
  embedded: openEmbedded,
  memory: async () => ({ catalogue: createMemoryItemCatalogue(), close: async () => undefined }),
};
for (const [name, open] of Object.entries(UNDER_TEST)) itemCatalogueContract(name, open);
