/** This package with each kind of listener, as contestants. */
import { subscribe } from "node:diagnostics_channel";
import { MeterProvider, MetricReader } from "@opentelemetry/sdk-metrics";
import { NodeTracerProvider } from "@opentelemetry/sdk-trace-node";
import { DataLayerInstrumentation } from "../../src/telemetry/index.js";
import { type Contestant, thisPackage } from "./contestants.js";
import type { Wire } from "./wires.js";

/** The contestants by their ids, with what the page calls them. */
export const heard = {
  noChannels: "compiled without the channels",
  nobody: "nobody listens",
  events: "`events`",
  subscriber: "a subscriber of both diagnostics channels",
  instrumented: "OpenTelemetry: spans of all calls and requests, and metrics",
} as const;

export type ListenerName = keyof typeof heard;
export const listenerNames = Object.keys(heard) as ListenerName[];

/** Begins to listen; each contestant has a process of its own, in which nothing ends it. */
const begin: Readonly<Partial<Record<ListenerName, () => void>>> = { subscriber, instrumented };

/** Takes what it is told and does nothing with it: what a listener does is its own cost. */
const hear = (_told: unknown) => undefined;

function subscriber(): void {
  for (const channel of ["call", "request"]) {
    for (const point of ["start", "asyncEnd"]) {
      subscribe(`tracing:bayon-coagent-data.${channel}:${point}`, hear);
    }
  }
}

/** A reader that is never read from: sums and histograms are kept all the same. */
class IdleReader extends MetricReader {
  protected override async onForceFlush(): Promise<void> {
    // There is nothing to flush.
  }
  protected override async onShutdown(): Promise<void> {
    // There is nothing to shut down.
  }
}

/** OpenTelemetry's SDK takes every span, and exports none: what an exporter costs is its own. */
function instrumented(): void {
  new NodeTracerProvider().register();
  const instrumentation = new DataLayerInstrumentation({ enabled: false });
  instrumentation.setMeterProvider(new MeterProvider({ readers: [new IdleReader()] }));
  instrumentation.enable();
}

export function listening(name: ListenerName, wire: Wire): Contestant {
  begin[name]?.();
  const contestant = thisPackage(wire, name === "events" ? { events: hear } : {});
  return { ...contestant, name: heard[name] };
}
