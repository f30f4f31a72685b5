import type { CandidateClient } from '@gatehouse/client';
import type { UserId } from '@gatehouse/domain';
import type { RetrieveResponse } from '@gatehouse/proto';
import { type ServiceError, status } from '@grpc/grpc-js';

import { formatTable } from './format';
import type { TitleOf } from './titles';

/** No retriever answered; `cause` tells why. */
export class RetrieverUnavailableError extends Error {
  override readonly name = 'RetrieverUnavailableError';
  constructor(cause: unknown) {
    super('expected a retriever that serves; `./gatehouse start` runs one', { cause });
  }
}

/**
 * Asks the running retriever for a user's candidates and returns them as a table.
 *
 * @throws RetrieverUnavailableError; any other failure of the client as it is.
 */
export async function query(client: CandidateClient, userId: UserId, limit: number, titleOf: TitleOf): Promise<string> {
  try {
    return formatAnswer(await client.retrieve({ userId, limit, excludeSeen: true }), titleOf);
  } catch (error) {
    if ((error as Partial<ServiceError>).code === status.UNAVAILABLE) throw new RetrieverUnavailableError(error);
    throw error;
  }
}

/** An answer as a table, under one line about where it comes from. */
export function formatAnswer(answer: RetrieveResponse, titleOf: TitleOf): string {
  const rows = answer.candidates.map(({ itemId, score, sources }, rank) => [
    String(rank + 1).padStart(4),
    itemId,
    titleOf(itemId),
    score.toFixed(4),
    sources.map(({ source }) => source).join(', '),
  ]);
  const degraded = answer.degraded ? `, degraded: ${answer.degradedReason}` : '';
  return [
    `model ${answer.modelVersion}, index ${answer.indexVersion}${degraded}`,
    formatTable(['rank', 'item', 'title', 'score', 'sources'], rows),
  ].join('\n');
}
