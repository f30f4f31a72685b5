import { createEmbeddedUserState } from './embedded';
import { createUserState } from './memory';
import { temporaryFolder } from './samples.contract';
import { testOptions, userStateContract, type UserStateUnderTest } from './user-state.contract';

async function openEmbedded(): Promise<UserStateUnderTest> {
  const folder = await temporaryFolder();
  const users = createEmbeddedUserState(folder.path, testOptions);
  return {
    users,
    async close() {
      await users.close();
      await folder.remove();
    },
  };
}

const UNDER_TEST: Record<string, () => Promise<UserStateUnderTest>> = {
  embedded: openEmbedded,
  memory: async () => ({ users: createUserState(testOptions), close: async () => undefined }),
};
for (const [name, open] of Object.entries(UNDER_TEST)) userStateContract(name, open);
