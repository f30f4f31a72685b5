import { AssignerProtocol, type PartitionAssigner } from 'kafkajs';

const name = 'GatehouseOneLeader';
const version = 1;

/**
 * Gives every partition to one member of the group: to the one that holds them already, so that those who come and go do not move them.
 * Where several say so, as after a pause, to the one of the greatest epoch; where none does, to the smallest member id.
 *
 * @param heldEpoch epoch that this member leads in; 0 when it does not lead
 */
export function createOneLeaderAssigner(heldEpoch: () => number): PartitionAssigner {
  return ({ cluster }) => ({
    name,
    version,
    assign: async ({ members, topics }) => {
      const leader = leaderOf(
        members.map(({ memberId, memberMetadata }) => ({
          memberId,
          heldEpoch: epochOf(AssignerProtocol.MemberMetadata.decode(memberMetadata)?.userData),
        })),
      );
      const all = Object.fromEntries(
        topics.map((topic) => [topic, cluster.findTopicPartitionMetadata(topic).map(({ partitionId }) => partitionId)]),
      );
      return members.map(({ memberId }) => ({
        memberId,
        memberAssignment: AssignerProtocol.MemberAssignment.encode({
          version,
          assignment: memberId === leader ? all : {},
          userData: Buffer.alloc(0),
        }),
      }));
    },
    protocol: ({ topics }) => {
      const userData = Buffer.alloc(8);
      userData.writeBigUInt64BE(BigInt(heldEpoch()));
      return { name, metadata: AssignerProtocol.MemberMetadata.encode({ version, topics, userData }) };
    },
  });
}

/** Chooses who leads. */
export function leaderOf(members: readonly { readonly memberId: string; readonly heldEpoch: number }[]): string {
  const [first] = [...members].sort((a, b) => b.heldEpoch - a.heldEpoch || (a.memberId < b.memberId ? -1 : 1));
  return first.memberId;
}

function epochOf(userData: Buffer | undefined): number {
  return userData?.length === 8 ? Number(userData.readBigUInt64BE()) : 0;
}
