import { AssignerProtocol, type Cluster } from 'kafkajs';

import { createOneLeaderAssigner, leaderOf } from './one-leader-assigner';

describe('one leader', () => {
  it.each<[Record<string, [heldEpoch: number, isChosen: boolean]>, string]>([
    [{ b: [0, false], a: [0, false], c: [0, false] }, 'a'],
    [{ a: [0, false], b: [7, true], c: [0, false] }, 'b'], // leads already
    [{ a: [6, true], b: [7, true], c: [0, false] }, 'b'], // a was away, and does not know of the epoch after its own
    [{ b: [7, true], a: [7, true] }, 'a'],
    [{ a: [0, false], b: [0, true] }, 'b'], // chosen, and others came before it took its epoch
    [{ a: [0, true], b: [1, true] }, 'b'],
  ])('is chosen from %j: %s', (standings, expected) => {
    const members = Object.entries(standings).map(([memberId, [heldEpoch, isChosen]]) => ({
      ...{ memberId, heldEpoch, isChosen },
    }));
    expect(leaderOf(members)).toBe(expected);
  });

  it('is given every partition of every topic, and the others none', async () => {
    const cluster = {
      findTopicPartitionMetadata: (topic: string) =>
        Array.from({ length: topic === 'a' ? 3 : 1 }, (_, partitionId) => ({ partitionId })),
    } as unknown as Cluster;
    const assignerOf = (epoch: number) =>
      createOneLeaderAssigner(() => ({ heldEpoch: epoch, isChosen: false }))({
        cluster,
        groupId: 'g',
        logger: undefined as never,
      });
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
