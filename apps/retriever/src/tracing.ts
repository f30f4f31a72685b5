import { type Metadata, status } from '@grpc/grpc-js';
import {
  type Context,
  context,
  propagation,
  type Span,
  SpanKind,
  SpanStatusCode,
  type TextMapGetter,
  trace,
} from '@opentelemetry/api';

/** All that a span may say of a call; nothing of whom it was about. */
export interface CallFacts {
  readonly modelVersion: string;
  readonly indexVersion: string;
  /** Queries of a batch. */
  readonly queries: number;
  /** Candidates asked for, by all queries together. */
  readonly limit: number;
  readonly degraded: boolean;
}

/** The span of one call. */
export interface CallSpan {
  /** Runs the work of the call; stages that start in it are children of the span. */
  run<T>(work: () => T): T;
  end(code: status): void;
}

/** Makes spans of calls and of their stages. Where no OpenTelemetry SDK is registered, it runs the work and nothing else. */
export interface Tracing {
  /** Starts the span of a call, a child of the one that the caller's metadata name. */
  call(method: string, metadata: Metadata): CallSpan;
  /** Runs a stage, until its promise settles if it returns one, in a child of the span that it finds itself in. */
  stage<T>(name: string, run: () => T): T;
  /** Says more of the call that it finds itself in. */
  describe(facts: Partial<CallFacts>): void;
}

const service = 'gatehouse.v1.CandidateService';

/** Statuses that are the server's fault, by OpenTelemetry's conventions for gRPC; the others are answers like any other. */
const faults: ReadonlySet<status> = new Set([
  status.UNKNOWN,
  status.DEADLINE_EXCEEDED,
  status.UNIMPLEMENTED,
  status.INTERNAL,
  status.UNAVAILABLE,
  status.DATA_LOSS,
]);

const headers: TextMapGetter<Metadata> = {
  keys: (metadata) => Object.keys(metadata.getMap()),
  get: (metadata, key) => metadata.get(key).find((value) => typeof value === 'string'),
};

const noSpan: CallSpan = { run: (work) => work(), end: () => undefined };

/** Creates the tracing of the process: the SDK, if any, is the one that was preloaded. */
export function createTracing(): Tracing {
  const tracer = trace.getTracer('gatehouse.retriever');
  return {
    call: (method, metadata) => {
      const around = context.active();
      const isInside = trace.getSpan(around) !== undefined; // an instrumentation of grpc-js has read the metadata
      // Baggage would go on to the index's server, and may tell of users.
      const parent = propagation.deleteBaggage(isInside ? around : propagation.extract(around, metadata, headers));
      const span = tracer.startSpan(
        `${service}/${method}`,
        {
          kind: isInside ? SpanKind.INTERNAL : SpanKind.SERVER,
          attributes: { 'rpc.system': 'grpc', 'rpc.service': service, 'rpc.method': method },
        },
        parent,
      );
      if (!trace.isSpanContextValid(span.spanContext())) return noSpan; // no SDK
      const within = trace.setSpan(parent, span);
      return {
        run: (work) => context.with(within, work),
        end: (code) => {
          span.setAttribute('rpc.grpc.status_code', code);
          if (faults.has(code)) span.setStatus({ code: SpanStatusCode.ERROR });
          span.end();
        },
      };
    },
    stage: (name, run) => {
      const around = context.active();
      if (!trace.getSpan(around)) return run();
      const span = tracer.startSpan(name, {}, around);
      return runIn(span, trace.setSpan(around, span), run);
    },
    describe: ({ modelVersion, indexVersion, queries, limit, degraded }) => {
      const span = trace.getActiveSpan();
      if (!span?.isRecording()) return; // nor is one whose call was answered meanwhile
      span.setAttributes({
        ...(modelVersion !== undefined && { 'gatehouse.model_version': modelVersion }),
        ...(indexVersion !== undefined && { 'gatehouse.index_version': indexVersion }),
        ...(queries !== undefined && { 'gatehouse.queries': queries }),
        ...(limit !== undefined && { 'gatehouse.limit': limit }),
        ...(degraded !== undefined && { 'gatehouse.degraded': degraded }),
      });
    },
  };
}

function runIn<T>(span: Span, within: Context, run: () => T): T {
  const fail = (error: unknown): void => {
    // Messages of errors may quote the request; the name of a class is part of the code.
    span.setAttribute('error.type', error instanceof Error ? error.constructor.name : '_OTHER');
    span.setStatus({ code: SpanStatusCode.ERROR });
    span.end();
  };
  return context.with(within, () => {
    try {
      const result = run();
      if (result instanceof Promise) result.then(() => span.end(), fail);
      else span.end();
      return result;
    } catch (error) {
      fail(error);
      throw error;
    }
  });
}
