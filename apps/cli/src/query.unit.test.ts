import type { CandidateClient } from '@gatehouse/client';
import { RetrieveResponse } from '@gatehouse/proto';
import { createMemoryItemCatalogue } from '@gatehouse/events/memory';
import { status } from '@grpc/grpc-js';

import { query, RetrieverUnavailableError } from './query';
import { readTitles } from './titles';

const clientOf = (retrieve: CandidateClient['retrieve']) => ({ retrieve }) as CandidateClient;
const failing = (code: status): CandidateClient =>
  clientOf(() => Promise.reject(Object.assign(new Error(`code ${code}`), { code })));

describe('query', () => {
  it('shows the answer with titles, where it comes from and how far it is degraded', async () => {
    const catalogue = createMemoryItemCatalogue();
    await catalogue.put([
      { itemId: 'i1', features: { title: 'Heat' }, available: true },
      { itemId: 'i2', features: { title: 7 }, available: true },
    ]);
    const asked: unknown[] = [];
    const client = clientOf(async (request) => {
      asked.push(request);
      return RetrieveResponse.fromPartial({
        modelVersion: '1-2',
        indexVersion: '1-2.1',
        degraded: true,
        degradedReason: 'no history',
        candidates: [
          { itemId: 'i1', score: 0.71559, sources: [{ source: 'two-tower' }, { source: 'popular' }] },
          { itemId: 'i2', score: 0.5, sources: [{ source: 'popular' }] },
        ],
      });
    });
    expect((await query(client, '7', 2, await readTitles(catalogue))).split('\n')).toEqual([
      'model 1-2, index 1-2.1, degraded: no history',
      'rank  item  title  score   sources',
      '----  ----  -----  ------  ------------------',
      '   1  i1    Heat   0.7156  two-tower, popular',
      '   2  i2           0.5000  popular',
    ]);
    expect(asked).toEqual([{ userId: '7', limit: 2, excludeSeen: true }]);
  });

  it('says what to do when no retriever answers, and passes on other failures', async () => {
    const titleOf = (): string => '';
    await expect(query(failing(status.UNAVAILABLE), '7', 2, titleOf)).rejects.toThrow(RetrieverUnavailableError);
    await expect(query(failing(status.INVALID_ARGUMENT), '7', 2, titleOf)).rejects.toThrow('code 3');
  });
});
