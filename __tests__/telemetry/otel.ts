/** OpenTelemetry's real SDK, with what it exports kept in memory. */
import { type Attributes, context } from "@opentelemetry/api";
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from "@opentelemetry/sdk-metrics";
import {
  InMemorySpanExporter,
  NodeTracerProvider,
  type ReadableSpan,
  SimpleSpanProcessor,
} from "@opentelemetry/sdk-trace-node";

/** A span as tests compare it. */
export interface SeenSpan {
  readonly name: string;
  /** The name of the span above it. */
  readonly parent: string | undefined;
  readonly attributes: Attributes;
  readonly status: string | undefined;
}

export function startOtel() {
  const spans = new InMemorySpanExporter();
  const tracerProvider = new NodeTracerProvider({
    spanProcessors: [new SimpleSpanProcessor(spans)],
  });
  // Registers the context manager too, which carries the active span through promises.
  tracerProvider.register();
  const exported = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = new PeriodicExportingMetricReader({
    exporter: exported,
    exportIntervalMillis: 3_600_000,
  });
  const meterProvider = new MeterProvider({ readers: [reader] });

  const seen = ({ name, parentSpanContext, attributes, status }: ReadableSpan): SeenSpan => {
    const parent = spans
      .getFinishedSpans()
      .find((one) => one.spanContext().spanId === parentSpanContext?.spanId);
    const given = Object.entries(attributes).filter(([, value]) => value !== undefined);
    return {
      name,
      parent: parent?.name,
      attributes: Object.fromEntries(given),
      status: status.message,
    };
  };
  return {
    tracerProvider,
    meterProvider,
    /** The spans that have ended since the last call, in that order. */
    spans(): SeenSpan[] {
      const found = spans.getFinishedSpans().map(seen);
      spans.reset();
      return found;
    },
    /** Each metric's data points: a sum, or the count of a histogram. */
    async metrics(): Promise<Record<string, { attributes: Attributes; value: number }[]>> {
      exported.reset();
      await meterProvider.forceFlush();
      const all = exported.getMetrics().flatMap(({ scopeMetrics }) => scopeMetrics);
      const entries = all.flatMap(({ metrics }) =>
        metrics.map(({ descriptor, dataPoints }) => [
          descriptor.name,
          dataPoints.map(({ attributes, value }) => ({
            attributes,
            value: typeof value === "number" ? value : value.count,
          })),
        ]),
      );
      return Object.fromEntries(entries);
    },
    async stop(): Promise<void> {
      await tracerProvider.shutdown();
      await meterProvider.shutdown();
      context.disable();
    },
  };
}
