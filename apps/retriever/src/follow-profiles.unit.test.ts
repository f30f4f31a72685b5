import { createProfileTable, userProfileFormat, type UserProfiles } from '@gatehouse/events';
import { createMemoryCompactedTopic } from '@gatehouse/events/memory';
import { waitFor } from '@gatehouse/runtime';

import { createProfileFollower } from './follow-profiles';
import { createRecordingLogger } from './retriever.fixture';

const profile = (userId: string, country: string) => ({ userId, features: { country } });
const until = (what: string, isSo: () => boolean) => waitFor(isSo, { what, timeoutMs: 1000, everyMs: 1 });

function setUp() {
  let topic: UserProfiles = createMemoryCompactedTopic(userProfileFormat);
  let failures = 0;
  const asked: string[] = [];
  const gate = async (what: string): Promise<void> => {
    asked.push(what);
    if (failures-- > 0) throw new Error('broker away');
  };
  const profiles = createProfileTable({
    snapshot: () => gate('snapshot').then(() => topic.snapshot()),
    changes: async function* (offset, signal) {
      await gate('changes');
      yield* topic.changes(offset, signal);
    },
    put: (values) => topic.put(values),
    remove: (keys) => topic.remove(keys),
  });
  const stop = new AbortController();
  const follower = createProfileFollower({ profiles, delay: async () => undefined, logger: createRecordingLogger() });
  return {
    profiles,
    follower,
    stop,
    asked,
    topic: () => topic,
    replaceTopic: () => (topic = createMemoryCompactedTopic(userProfileFormat)),
    failNext: (count: number) => (failures = count),
  };
}

test('profiles are those of the topic, from the first load on', async () => {
  const { profiles, follower, stop, topic } = setUp();
  await topic().put([profile('u1', 'nz'), profile('u2', 'fr')]);
  await follower.load();
  expect([profiles.featuresOf('u1'), profiles.featuresOf('nobody')]).toEqual([{ country: 'nz' }, {}]);

  const following = follower.follow(stop.signal);
  await topic().put([profile('u1', 'au')]);
  await topic().remove(['u2']);
  await until('both changes', () => profiles.userCount === 1);
  expect(profiles.featuresOf('u1')).toEqual({ country: 'au' });
  stop.abort();
  await following;
});

test('what cannot be read is tried again, from the start when nothing was read yet', async () => {
  const { profiles, follower, stop, topic, asked, failNext } = setUp();
  await topic().put([profile('u1', 'nz')]);
  failNext(3); // the first load, the second, and the changes after none
  await follower.load();
  const following = follower.follow(stop.signal);
  await until('the profile', () => profiles.userCount === 1);
  await until('changes', () => asked.includes('changes'));
  expect(asked).toEqual(['snapshot', 'snapshot', 'snapshot', 'snapshot', 'changes']);
  stop.abort();
  await following;
});

test('a topic that was replaced is read from the start', async () => {
  const { profiles, follower, stop, topic, replaceTopic, failNext } = setUp();
  await topic().put([profile('u1', 'nz'), profile('u2', 'fr')]);
  await follower.load();
  await replaceTopic().put([profile('u3', 'de')]);
  failNext(1);
  const following = follower.follow(stop.signal);
  await until('the new topic', () => profiles.userCount === 1 && profiles.featuresOf('u3')['country'] === 'de');
  stop.abort();
  await following;
});
