import { createRandom } from '@gatehouse/domain';
import type { ImpressionRecord } from '@gatehouse/events';

import { type BatchCutting, cutBatches, type ImpressionBatch } from './cut-batches';

const actions: Readonly<Record<string, { readonly weight: number }>> = {
  click: { weight: 1 },
  purchase: { weight: 2 },
  shown: { weight: 0 },
};
const weightOf = (action: string): number | undefined => actions[action]?.weight;

const record = (offset: number, action: string, partition = 0): ImpressionRecord => ({
  topic: 'impressions',
  partition,
  offset,
  impression: { eventId: `${partition}/${offset}`, userId: 'u', itemId: 'i', eventTimeMs: offset, action },
});
const malformed = (offset: number, partition = 0): ImpressionRecord => ({
  topic: 'impressions',
  partition,
  offset,
  rejection: { code: 'malformed-json', reason: 'no JSON' },
  value: Uint8Array.of(1),
});

async function cut(
  chunks: readonly (readonly ImpressionRecord[])[],
  positives: number,
  changes: Partial<BatchCutting> = {},
): Promise<ImpressionBatch[]> {
  async function* arriving(): AsyncGenerator<readonly ImpressionRecord[]> {
    yield* chunks;
  }
  const batches: ImpressionBatch[] = [];
  for await (const batch of cutBatches(arriving(), {
    positives,
    weightOf,
    isLearned: () => false,
    start: {},
    ...changes,
  }))
    batches.push(batch);
  return batches;
}

const idsOf = ({ impressions }: ImpressionBatch): string[] => impressions.map(({ eventId }) => eventId);

describe('cutBatches', () => {
  it('ends a batch that holds 16 MiB of rejected records', async () => {
    const large = (offset: number): ImpressionRecord => ({ ...malformed(offset), value: new Uint8Array(1024 * 1024) });
    const batches = await cut([Array.from({ length: 40 }, (_, offset) => large(offset))], 1000);
    expect(batches.map(({ rejected }) => rejected.length)).toEqual([16, 16]);
    expect(batches.map(({ endOffsets }) => endOffsets['impressions'][0])).toEqual([16, 32]);
  });

  it('ends each batch at its last positive and leaves the rest', async () => {
    const records = [
      record(0, 'shown'),
      record(1, 'click'),
      malformed(2),
      record(3, 'purchase'), // second positive: the batch ends
      record(4, 'shown'),
      record(5, 'click'),
      record(6, 'click'), // and here
      record(7, 'click'), // waits for one more
      malformed(8),
    ];
    const batches = await cut([records], 2);
    expect(batches.map(idsOf)).toEqual([
      ['0/0', '0/1', '0/3'],
      ['0/4', '0/5', '0/6'],
    ]);
    expect(batches.map(({ endOffsets }) => endOffsets)).toEqual([{ impressions: { 0: 4 } }, { impressions: { 0: 7 } }]);
    expect(batches.map(({ rejected }) => rejected.map(({ offset }) => offset))).toEqual([[2], []]);
  });

  it('ends a stretch without positives after 64 records for each that the batch should have', async () => {
    const records = Array.from({ length: 300 }, (_, offset) =>
      offset % 2 ? malformed(offset) : record(offset, 'shown'),
    );
    const batches = await cut([records], 2);
    expect(batches.map(({ endOffsets }) => endOffsets)).toEqual([
      { impressions: { 0: 128 } },
      { impressions: { 0: 256 } },
    ]);
    expect(batches.map(({ impressions, rejected }) => [impressions.length, rejected.length])).toEqual([
      [64, 64],
      [64, 64],
    ]);
  });

  it('leaves out what came before: in this batch, in the one just handed over, or in one that was learned', async () => {
    const again = (offset: number, of: number) => ({ ...record(of, 'click'), offset });
    const records = [
      record(0, 'click'),
      again(1, 0),
      record(2, 'click'),
      again(3, 2),
      again(4, 77),
      record(5, 'click'),
    ];
    const batches = await cut([records], 1, { isLearned: (eventId) => eventId === '0/77' });
    expect(batches.map(idsOf)).toEqual([['0/0'], ['0/2'], ['0/5']]);
    expect(batches.map(({ duplicates }) => duplicates)).toEqual([0, 1, 2]);
    expect(batches.map(({ endOffsets }) => endOffsets['impressions'][0])).toEqual([1, 3, 6]);
  });

  it.each(Array.from({ length: 20 }, (_, seed) => seed))(
    'cuts the same batches with duplicates as without, seed %d',
    async (seed) => {
      const random = createRandom('duplicates', seed);
      const learned = new Set<string>();
      const events: ImpressionRecord[] = Array.from({ length: 200 }, (_, i) =>
        record(i, random.below(3) ? 'click' : 'shown'),
      );
      const repeated = events.flatMap((event, i) => (random.below(4) ? [event] : [event, events[random.below(i + 1)]]));
      const batches: ImpressionBatch[] = [];
      async function* arriving() {
        yield repeated.map((event, offset) => ({ ...event, offset }));
      }
      const cutting = { positives: 7, weightOf, isLearned: (id: string) => learned.has(id), start: {} };
      for await (const batch of cutBatches(arriving(), cutting)) {
        for (const { eventId } of batch.impressions) learned.add(eventId);
        batches.push(batch);
      }
      expect(batches.map(idsOf)).toEqual((await cut([events], 7)).map(idsOf));
      const end = batches.at(-1)!.endOffsets['impressions'][0];
      const taken = batches.reduce((sum, { impressions, duplicates }) => sum + impressions.length + duplicates, 0);
      expect(taken).toBe(end);
    },
  );

  it('counts offsets without a record, from where it starts', async () => {
    const records = [record(3, 'click'), record(6, 'click'), record(2, 'shown', 1), record(5, 'click', 1)];
    const batches = await cut([records], 1, { start: { impressions: { 0: 1 } } });
    // Partition 0: 1, 2; then 4, 5. Partition 1 starts at 2, wherever that is; then 3, 4.
    expect(batches.map(({ withoutRecord }) => withoutRecord)).toEqual([2, 2, 2]);
  });

  it('names the next offset of each partition that took part', async () => {
    const [batch] = await cut([[record(5, 'click', 1)], [record(40, 'shown', 0), record(6, 'click', 1)]], 2);
    expect(batch.endOffsets).toEqual({ impressions: { 0: 41, 1: 7 } });
  });

  it.each(['like', 'constructor', '__proto__'])('rejects the unknown action %p with what was found', async (action) => {
    const [batch] = await cut([[record(0, action), record(1, 'click')]], 1);
    expect(idsOf(batch)).toEqual(['0/1']);
    const [{ offset, rejection, value }] = batch.rejected;
    expect([offset, rejection.code]).toEqual([0, 'unknown-action']);
    expect(rejection.reason).toContain(JSON.stringify(action));
    expect(JSON.parse(new TextDecoder().decode(value))).toMatchObject({ eventId: '0/0', action });
  });

  it.each(Array.from({ length: 50 }, (_, seed) => seed))(
    'cuts the same batches however records arrive, seed %d',
    async (seed) => {
      const random = createRandom('records', seed);
      const kinds = ['click', 'purchase', 'shown', 'like', 'malformed'];
      const all = Array.from({ length: random.below(60) }, () => kinds[random.below(kinds.length)]);
      const records = all.map((kind, i) => (kind === 'malformed' ? malformed(i) : record(i, kind)));
      const chunks: ImpressionRecord[][] = [];
      for (let at = 0; at < records.length;) {
        const size = random.below(7); // some chunks are empty
        chunks.push(records.slice(at, at + size));
        at += size;
      }
      const positives = 1 + random.below(5);
      const batches = await cut(chunks, positives);
      expect(batches).toEqual(await cut([records], positives));

      const total = all.filter((kind) => (weightOf(kind) ?? 0) > 0).length;
      expect(batches).toHaveLength(Math.floor(total / positives));
      let start = 0;
      for (const { impressions, rejected, endOffsets } of batches) {
        expect(impressions.filter(({ action }) => actions[action].weight > 0)).toHaveLength(positives);
        const end = endOffsets['impressions'][0];
        expect(impressions.length + rejected.length).toBe(end - start); // none is lost
        start = end;
      }
    },
  );

  it('cuts the same batches from the end of any batch on', async () => {
    const records = Array.from({ length: 30 }, (_, i) => record(i, i % 3 === 0 ? 'shown' : 'click'));
    const batches = await cut([records], 4);
    for (const [i, { endOffsets }] of batches.entries()) {
      expect(await cut([records.slice(endOffsets['impressions'][0])], 4)).toEqual(batches.slice(i + 1));
    }
  });
});
