import { AssignerProtocol, type Cluster } from 'kafkajs';

import { createOneLeaderAssigner, leaderOf } from './one-leader-assigner';

describe('one leader', () => {
  it.each([
    [{ b: 0, a: 0, c: 0 }, 'a'],
    [{ a: 0, b: 7, c: 0 }, 'b'], // leads already
    [{ a: 6, b: 7, c: 0 }, 'b'], // a was away, and does not know of the epoch after its own
    [{ b: 7, a: 7 }, 'a'],
  ])('is chosen from %j: %s', (epochs, expected) => {
    expect(leaderOf(Object.entries(epochs).map(([memberId, heldEpoch]) => ({ memberId, heldEpoch })))).toBe(expected);
  });

  it('is given every partition of every topic, and the others none', async () => {
    const cluster = {
      findTopicPartitionMetadata: (topic: string) =>
        Array.from({ length: topic === 'a' ? 3 : 1 }, (_, partitionId) => ({ partitionId })),
    } as unknown as Cluster;
    const assignerOf = (epoch: number) =>
      createOneLeaderAssigner(() => epoch)({ cluster, groupId: 'g', logger: undefined as never });
    const members = [0, 4, 0].map((epoch, n) => ({
      memberId: `m${n}`,
      memberMetadata: assignerOf(epoch).protocol({ topics: ['a', 'b'] }).metadata,
    }));
    const assigned = await assignerOf(0).assign({ members, topics: ['a', 'b'] });
    const decoded = assigned.map(({ memberId, memberAssignment }) => [
      memberId,
      AssignerProtocol.MemberAssignment.decode(memberAssignment)?.assignment,
    ]);
    expect(decoded).toEqual([
      ['m0', {}],
      ['m1', { a: [0, 1, 2], b: [0] }],
      ['m2', {}],
    ]);
  });
});
