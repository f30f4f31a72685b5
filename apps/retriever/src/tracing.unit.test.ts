import { EventEmitter } from 'node:events';

import { Metadata, type ServerUnaryCall, status } from '@grpc/grpc-js';
import { diag, propagation, ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { BatchRetrieveRequest, RetrieveRequest, SimilarItemsRequest } from '@gatehouse/proto';
import { createManualClock } from '@gatehouse/runtime';

import { createCalls, MalformedMessage } from './calls';
import { fusionSettings } from './fusion-settings';
import { createAdmission } from './overload/admission';
import { createConcurrencyLimit } from './overload/concurrency-limit';
import { recordSpans, treeOf } from './recorded-spans.fixture';
import { createRetrieve } from './retrieve';
import { createFakeIndex, createFakePair, createRecordingLogger, hitsOf, noTelemetry } from './retriever.fixture';
import { createServing } from './serving';
import { disposePair } from './serving-pair';
import { createSimilarItems } from './similar-items';
import { createSources } from './sources/create-sources';
import { sourceSettings } from './sources/source-settings';
import { createTracing } from './tracing';

const traceId = '0af7651916cd43dd8448eb211c80319c';
const callerSpan = 'b7ad6b7169203331';
const traced = { traceparent: `00-${traceId}-${callerSpan}-01` };
const found = async () => hitsOf('a', 'b');

let stop: () => void = () => undefined;
afterEach(() => stop());

function record() {
  const recorded = recordSpans();
  ({ stop } = recorded);
  return recorded;
}

/** Calls of a retriever over one index, without a wire. */
function setUp(search: () => Promise<ReturnType<typeof hitsOf>> = found) {
  const clock = createManualClock(1000);
  const limit = createConcurrencyLimit({ min: 1, initial: 100, max: 100 }, clock);
  const admission = createAdmission({ limit, maxWaiting: 1, targetWaitMs: 25, clock, inNextTurn: setImmediate });
  const serving = createServing(disposePair);
  serving.replace(createFakePair('1-1', { index: createFakeIndex('1-1.1', search) }));
  const [tracing, effortOf] = [createTracing(), () => 0];
  /** Spans in which errors were logged. */
  const loggedIn: (string | undefined)[] = [];
  const logger = {
    ...createRecordingLogger(),
    error: () => void loggedIn.push(trace.getActiveSpan()?.spanContext().spanId),
  };
  const calls = createCalls(
    { defaultDeadlineMs: 10_000 },
    { admission, telemetry: noTelemetry, tracing, clock, logger },
  );
  const { one, batch } = createRetrieve({
    serving,
    users: { get: () => undefined },
    featuresOf: () => ({}),
    sources: createSources(sourceSettings.parse({}), clock),
    fusion: fusionSettings.parse({}),
    clock,
    effortOf,
    telemetry: noTelemetry,
    tracing,
    logger,
  });
  const similar = createSimilarItems({ serving, effortOf, tracing, logger });
  const through =
    <Request, Response>(method: string, handle: (request: Request, signal: AbortSignal) => Promise<Response>) =>
    (request: Request | MalformedMessage, headers: Record<string, string> = {}) =>
      new Promise<status>((resolve) => {
        const metadata = new Metadata();
        for (const [key, value] of Object.entries(headers)) metadata.set(key, value);
        const wire = { request, metadata, cancelled: false, getDeadline: () => Infinity };
        const call = Object.assign(new EventEmitter(), wire) as unknown;
        calls.unary(method, handle)(call as ServerUnaryCall<Request | MalformedMessage, Response>, (error) =>
          resolve(error?.code ?? status.OK),
        );
      });
  return {
    retrieve: through('Retrieve', one),
    batch: through('BatchRetrieve', batch),
    similar: through('SimilarItems', similar),
    loggedIn,
  };
}

const stranger = RetrieveRequest.fromPartial({ userId: 'u', limit: 7 });
const name = 'gatehouse.v1.CandidateService/Retrieve';

test('a call is a child of its caller, and the parent of its stages', async () => {
  const { spans } = record();
  await setUp().retrieve(stranger, traced);
  expect(treeOf(spans())).toEqual([
    `embed < ${name}`,
    `${name} < ?`,
    `merge < ${name}`,
    `queue < ${name}`,
    `source popular < ${name}`,
    `source two-tower < ${name}`,
  ]);
  const call = spans().find((span) => span.name === name)!;
  expect(call.parentSpanContext).toMatchObject({ traceId, spanId: callerSpan, isRemote: true });
  expect(call).toMatchObject({ kind: SpanKind.SERVER, status: { code: SpanStatusCode.UNSET } });
  expect(call.attributes).toEqual({
    'rpc.system': 'grpc',
    'rpc.service': 'gatehouse.v1.CandidateService',
    'rpc.method': 'Retrieve',
    'rpc.grpc.status_code': 0,
    'gatehouse.model_version': '1-1',
    'gatehouse.index_version': '1-1.1',
    'gatehouse.queries': 1,
    'gatehouse.limit': 7,
    'gatehouse.degraded': false,
  });
});

test('without a caller that traces, a call begins a trace', async () => {
  const { spans } = record();
  await setUp().retrieve(stranger);
  expect(treeOf(spans())).toContain(name);
});

test('a batch is one call, and a search for neighbours has its versions too', async () => {
  const { spans } = record();
  const { batch, similar } = setUp();
  await batch(BatchRetrieveRequest.fromPartial({ requests: [stranger, stranger] }));
  const ofBatch = 'gatehouse.v1.CandidateService/BatchRetrieve';
  const twice = ['merge', 'source popular', 'source two-tower'].flatMap((stage) => [stage, stage]);
  expect(treeOf(spans())).toEqual(
    [ofBatch, ...['embed', 'queue', ...twice].map((stage) => `${stage} < ${ofBatch}`)].sort(),
  );
  expect(spans().at(-1)!.attributes).toMatchObject({ 'gatehouse.queries': 2, 'gatehouse.limit': 14 });
  await similar(SimilarItemsRequest.fromPartial({ itemId: 'a', limit: 3 }));
  expect(spans().at(-1)!.attributes).toMatchObject({ 'gatehouse.model_version': '1-1', 'gatehouse.limit': 3 });
});

test('a source that fails has a span that says so, and the answer is degraded', async () => {
  const { spans } = record();
  const { retrieve } = setUp(async () => Promise.reject(new RangeError('of u')));
  expect(await retrieve(stranger)).toBe(status.OK);
  const [call, source] = [name, 'source two-tower'].map((is) => spans().find((span) => span.name === is)!);
  expect(source).toMatchObject({ status: { code: SpanStatusCode.ERROR }, attributes: { 'error.type': 'RangeError' } });
  expect(source.status.message).toBeUndefined();
  expect(call).toMatchObject({ status: { code: SpanStatusCode.UNSET }, attributes: { 'gatehouse.degraded': true } });
});

test('only what is the fault of the server is an error of its span', async () => {
  const { spans } = record();
  const { retrieve } = setUp();
  const noSources = { ...stranger, sources: ['none'] };
  expect(await retrieve(noSources)).toBe(status.INVALID_ARGUMENT);
  expect(await retrieve(new MalformedMessage('1 byte'))).toBe(status.INVALID_ARGUMENT);
  const failing = setUp(async () => Promise.reject(new Error('of u')));
  expect(await failing.retrieve({ ...stranger, sources: ['two-tower'] })).toBe(status.OK); // by popular
  expect(await failing.similar(SimilarItemsRequest.fromPartial({ itemId: 'a' }))).toBe(status.INTERNAL);
  const calls = spans().filter((span) => span.name.startsWith('gatehouse.v1'));
  expect(calls.map((span) => [span.attributes['rpc.grpc.status_code'], span.status.code])).toEqual([
    [status.INVALID_ARGUMENT, SpanStatusCode.UNSET],
    [status.INVALID_ARGUMENT, SpanStatusCode.UNSET],
    [status.OK, SpanStatusCode.UNSET],
    [status.INTERNAL, SpanStatusCode.ERROR],
  ]);
  expect(failing.loggedIn).toEqual([calls.at(-1)!.spanContext().spanId]); // so that the log can name the trace
});

test('what a caller does not record is not recorded here', async () => {
  const { spans } = record();
  await setUp().retrieve(stranger, { traceparent: `00-${traceId}-${callerSpan}-00` });
  expect(spans()).toEqual([]);
});

test('baggage of a caller goes nowhere', async () => {
  record();
  const met: unknown[] = [];
  const { retrieve } = setUp(async () => {
    met.push(propagation.getActiveBaggage(), trace.getActiveSpan()?.spanContext().traceId);
    return [];
  });
  await retrieve(stranger, { ...traced, baggage: 'user=u' });
  expect(met).toEqual([undefined, traceId]); // the context itself is there
});

test('within the span of an instrumentation, a call is its child', async () => {
  const { spans } = record();
  const baggage: unknown[] = [];
  const { retrieve } = setUp(async () => {
    baggage.push(propagation.getActiveBaggage());
    return [];
  });
  const withBaggage = propagation.setBaggage(ROOT_CONTEXT, propagation.createBaggage({ user: { value: 'u' } }));
  await trace.getTracer('of grpc-js').startActiveSpan('outer', {}, withBaggage, async (outer) => {
    await retrieve(stranger, traced);
    outer.end();
  });
  expect(baggage).toEqual([undefined]);
  expect(treeOf(spans())).toEqual(expect.arrayContaining(['outer', `${name} < outer`]));
  expect(spans().find((span) => span.name === name)!.kind).toBe(SpanKind.INTERNAL);
});

test('a call that was answered meanwhile is not described any more', () => {
  const { spans } = record();
  const ignore = () => undefined;
  const warn = jest.fn();
  diag.setLogger({ error: warn, warn, info: ignore, debug: ignore, verbose: ignore });
  const tracing = createTracing();
  const span = tracing.call('Retrieve', new Metadata());
  span.run(() => {
    span.end(status.DEADLINE_EXCEEDED);
    tracing.describe({ degraded: true });
  });
  expect(spans()[0]).toMatchObject({ status: { code: SpanStatusCode.ERROR } });
  expect(spans()[0].attributes).not.toHaveProperty('gatehouse.degraded');
  expect(warn).not.toHaveBeenCalled(); // the SDK complains of a span that is used after its end
  diag.disable();
});

test('a stage throws and rejects as it would without a span', async () => {
  record();
  const tracing = createTracing();
  const error = new Error('of the stage');
  const fail = () => {
    throw error;
  };
  const span = tracing.call('Retrieve', new Metadata());
  expect(() => span.run(() => tracing.stage('s', fail))).toThrow(error);
  await expect(span.run(() => tracing.stage('s', async () => fail()))).rejects.toBe(error);
});

test('without an SDK nothing is recorded, read or made active', async () => {
  const { spans } = record();
  stop(); // as if it had not been registered
  const met: unknown[] = [];
  const { retrieve } = setUp(async () => {
    met.push(trace.getActiveSpan(), propagation.getActiveBaggage());
    return hitsOf('a');
  });
  const read = jest.spyOn(Metadata.prototype, 'get');
  expect(await retrieve(stranger, traced)).toBe(status.OK);
  expect(read).not.toHaveBeenCalled();
  read.mockRestore();
  expect(met).toEqual([undefined, undefined]);
  expect(spans()).toEqual([]);
});
