import { context, propagation, trace } from '@opentelemetry/api';
import {
  InMemorySpanExporter,
  NodeTracerProvider,
  type ReadableSpan,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-node';

/** Registers an SDK as a preloaded one would, before the retriever starts. */
export function recordSpans() {
  const exporter = new InMemorySpanExporter();
  const provider = new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
  provider.register();
  return {
    spans: () => exporter.getFinishedSpans(),
    stop: () => {
      for (const api of [trace, context, propagation]) api.disable();
    },
  };
}

/** `name < name of the parent` of every span, sorted; `?` is a parent of another process. */
export function treeOf(spans: readonly ReadableSpan[]): string[] {
  const names = new Map(spans.map((span) => [span.spanContext().spanId, span.name]));
  const parentOf = ({ parentSpanContext: parent }: ReadableSpan): string =>
    parent ? ` < ${names.get(parent.spanId) ?? '?'}` : '';
  return spans.map((span) => span.name + parentOf(span)).sort();
}
