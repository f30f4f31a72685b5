import { AssignerProtocol, type PartitionAssigner } from 'kafkajs';

const name = 'GatehouseOneLeader';
const version = 1;

/** What a member says of itself when it joins. */
export interface Standing {
  /** Epoch that it leads in; 0 when it does not lead. */
  readonly heldEpoch: number;
  /** Whether it was given the partitions when the group last chose: it may not have taken its epoch yet. */
  readonly isChosen: boolean;
}

/**
 * Gives every partition to one member of the group: to the one that holds them already, so that those who come and go do not move them.
 * Where several say so, as after a pause, to the one of the greatest epoch; of those that have none to one that was chosen; else to the
 * smallest member id.
 */
export function createOneLeaderAssigner(standing: () => Standing): PartitionAssigner {
  return ({ cluster }) => ({
    name,
    version,
    assign: async ({ members, topics }) => {
      const leader = leaderOf(
        members.map(({ memberId, memberMetadata }) => ({
          memberId,
          ...decodeStanding(AssignerProtocol.MemberMetadata.decode(memberMetadata)?.userData),
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
    protocol: ({ topics }) => ({
      name,
      metadata: AssignerProtocol.MemberMetadata.encode({ version, topics, userData: encodeStanding(standing()) }),
    }),
  });
}

/** Chooses who leads. */
export function leaderOf(members: readonly (Standing & { readonly memberId: string })[]): string {
  const [first] = [...members].sort(
    (a, b) =>
      b.heldEpoch - a.heldEpoch || Number(b.isChosen) - Number(a.isChosen) || (a.memberId < b.memberId ? -1 : 1),
  );
  return first.memberId;
}

const standingBytes = 9;

function encodeStanding({ heldEpoch, isChosen }: Standing): Buffer {
  const userData = Buffer.alloc(standingBytes);
  userData.writeBigUInt64BE(BigInt(heldEpoch));
  userData.writeUInt8(Number(isChosen), 8);
  return userData;
}

function decodeStanding(userData: Buffer | undefined): Standing {
  if (userData?.length !== standingBytes) return { heldEpoch: 0, isChosen: false };
  return { heldEpoch: Number(userData.readBigUInt64BE()), isChosen: userData.readUInt8(8) === 1 };
}
