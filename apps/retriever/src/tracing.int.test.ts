import { Client, credentials, Metadata, status } from '@grpc/grpc-js';
import { BatchRetrieveRequest, RetrieveRequest, SimilarItemsRequest } from '@gatehouse/proto';
import { delay, waitFor } from '@gatehouse/runtime';

import { recordSpans, treeOf } from './recorded-spans.fixture';
import { closing, named, type Search, soon, start } from './started-retriever.fixture';

/** Planted in requests, headers and errors; whatever holds this word must not be in a span. */
const canary = 'canary';
const name = 'gatehouse.v1.CandidateService/Retrieve';

async function setUp(search?: Search) {
  const recorded = recordSpans();
  closing.push(recorded.stop);
  const { retriever, serve } = await start(search);
  await serve('1-1');
  const client = new Client(`127.0.0.1:${retriever.port}`, credentials.createInsecure());
  closing.push(() => client.close());
  const ask = (method: string, request: Uint8Array, headers: Record<string, string> = {}) =>
    new Promise<status>((resolve) => {
      const metadata = new Metadata();
      for (const [key, value] of Object.entries(headers)) metadata.set(key, value);
      const asIs = (bytes: Buffer): Buffer => bytes;
      client.makeUnaryRequest(
        `/gatehouse.v1.CandidateService/${method}`,
        asIs,
        asIs,
        Buffer.from(request),
        metadata,
        { deadline: Date.now() + soon.timeoutMs },
        (error) => resolve(error?.code ?? status.OK),
      );
    });
  /** Resolves when this many calls have ended, with their spans: a call may be answered before its last stage ends. */
  const ended = (calls: number) =>
    waitFor(() => recorded.spans().filter((span) => span.name.startsWith('gatehouse.v1')).length === calls, {
      what: 'spans of the calls',
      ...soon,
      delay,
    });
  return { ask, ended, spans: recorded.spans };
}

const encoded = (changed: Parameters<typeof RetrieveRequest.fromPartial>[0] = {}): Uint8Array =>
  RetrieveRequest.encode(RetrieveRequest.fromPartial({ userId: 'u', limit: 5, ...changed })).finish();

test('every call at a time has the stages of its own in the trace of its own caller', async () => {
  const { ask, ended, spans } = await setUp();
  const traceIds = Array.from({ length: 40 }, (_, i) => `${i + 1}`.padStart(32, '0'));
  const answers = await Promise.all(
    traceIds.map((id) => ask('Retrieve', encoded(), { traceparent: `00-${id}-00f067aa0ba902b7-01` })),
  );
  expect(new Set(answers)).toEqual(new Set([status.OK]));
  await ended(40);
  const expected = ['embed', 'merge', 'queue', 'source popular', 'source two-tower'].map((is) => `${is} < ${name}`);
  for (const id of traceIds)
    expect(treeOf(spans().filter((span) => span.spanContext().traceId === id))).toEqual(
      [...expected, `${name} < ?`].sort(),
    );
  expect(spans()).toHaveLength(40 * 6);
});

test('no token, user, item or vector is in a span, however calls fail', async () => {
  const { ask, ended, spans } = await setUp(async (request) => {
    if (request.signal && request.exclude?.has(`i-${canary}`))
      throw new Error(`search of ${[...request.vector, 0.123456].join()} without ${[...request.exclude].join()}`);
    return named(request);
  });
  const headers = {
    authorization: `Bearer t-${canary}`,
    'x-user': `u-${canary}`,
    baggage: `user=u-${canary}`,
    traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  };
  const about = {
    userId: `u-${canary}`,
    context: new Map([['device', { kind: { $case: 'stringValue' as const, value: canary } }]]),
    history: { entries: [{ itemId: `h-${canary}`, eventTimeMs: 1 }] },
  };
  const failing = { ...about, excludeItemIds: [`i-${canary}`] };
  const similar = SimilarItemsRequest.encode(
    SimilarItemsRequest.fromPartial({ itemId: `j-${canary}`, excludeItemIds: [`i-${canary}`] }),
  ).finish();
  const batch = BatchRetrieveRequest.encode(BatchRetrieveRequest.fromPartial({ requests: [about, failing] })).finish();
  const { OK, INTERNAL, INVALID_ARGUMENT } = status;
  expect(await ask('Retrieve', encoded(about), headers)).toBe(OK);
  expect(await ask('Retrieve', encoded(failing), headers)).toBe(INTERNAL);
  expect(await ask('BatchRetrieve', batch, headers)).toBe(INTERNAL);
  expect(await ask('SimilarItems', similar, headers)).toBe(INTERNAL);
  expect(await ask('Retrieve', encoded({ sources: [canary] }), headers)).toBe(INVALID_ARGUMENT);
  expect(await ask('Retrieve', encoded({ userId: canary.repeat(50) }), headers)).toBe(INVALID_ARGUMENT);
  expect(await ask('Retrieve', Buffer.from(canary), headers)).toBe(INVALID_ARGUMENT);
  await ended(7);

  const told = JSON.stringify(
    spans().map((span) => ({
      ...{ name: span.name, attributes: span.attributes, status: span.status, events: span.events, links: span.links },
      ...{ state: span.spanContext().traceState?.serialize(), resource: span.resource.attributes },
    })),
  );
  for (const milestone of [name, 'source two-tower', 'error.type', 'gatehouse.model_version'])
    expect(told).toContain(milestone);
  for (const secret of [canary, '0.123456', 'search of']) expect(told).not.toContain(secret);
});
