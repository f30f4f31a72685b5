import { type CompactedUnderTest, compactedTopicContract } from './compacted-topic.contract';
import { createEmbeddedCompactedTopic, openEmbeddedLog } from './embedded';
import { itemFormat } from './item-format';
import { createMemoryItemCatalogue } from './memory';
import { temporaryFolder } from './samples.contract';

async function openEmbedded(): Promise<CompactedUnderTest> {
  const folder = await temporaryFolder();
  const log = openEmbeddedLog({ folder: folder.path });
  return {
    topic: createEmbeddedCompactedTopic(log, itemFormat),
    async close() {
      await log.close();
      await folder.remove();
    },
  };
}

const UNDER_TEST: Record<string, () => Promise<CompactedUnderTest>> = {
  embedded: openEmbedded,
  memory: async () => ({ topic: createMemoryItemCatalogue(), close: async () => undefined }),
};
for (const [name, open] of Object.entries(UNDER_TEST)) compactedTopicContract(name, open);
