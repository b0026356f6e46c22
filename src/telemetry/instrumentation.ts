/** Spans and metrics of every data layer of the process, in OpenTelemetry's form of an instrumentation. */
import type { Channel } from "node:diagnostics_channel";
import { type MeterProvider, metrics, type TracerProvider, trace } from "@opentelemetry/api";
import { optionNames, settingsOf } from "../call/options.js";
import { type Begun, type CallMessage, callChannel, requestChannel } from "../call/tracing.js";
import { ConfigurationError } from "../errors/configuration-error.js";
import type { RequestMessage } from "../transport/events.js";
import { Metrics } from "./metrics.js";
import { Spans } from "./spans.js";
import { name, version } from "./version.js";

/** What {@link DataLayerInstrumentation} takes. */
export interface DataLayerInstrumentationConfig {
  /** Whether it begins at once. @default true */
  readonly enabled?: boolean | undefined;
  /**
   * Whether other instrumentations make no spans within a request: those of the AWS SDK and of HTTP would
   * say the same again. @default true
   */
  readonly suppressInternalInstrumentation?: boolean | undefined;
}

const configNames = optionNames<DataLayerInstrumentationConfig>({
  enabled: true,
  suppressInternalInstrumentation: true,
});

/**
 * Makes a span of each call and one of each request below it, and measures both, for every data layer of
 * the process. It is an instrumentation as `registerInstrumentations` and `NodeSDK` take it, and works by
 * itself with the providers that are registered globally. While it is enabled, requests ask DynamoDB for
 * the capacity that they consume.
 *
 * Spans and metrics hold names of tables, indexes, entities and calls, counts and error codes, never a key
 * or a value of an item.
 */
export class DataLayerInstrumentation {
  readonly instrumentationName: string = name;
  readonly instrumentationVersion: string = version;
  #config: DataLayerInstrumentationConfig;
  #tracerProvider: TracerProvider | undefined;
  #meterProvider: MeterProvider | undefined;
  #subscribers: Subscribers | undefined;

  /** @throws ConfigurationError for an option that is not known, or is not a boolean */
  constructor(config: DataLayerInstrumentationConfig = {}) {
    this.#config = checked(config);
    if (this.#config.enabled !== false) this.enable();
  }

  /** Begins with what is called from now on. */
  enable(): void {
    if (this.#subscribers !== undefined) return;
    this.#subscribers = this.#made();
    for (const { channel, hear } of this.#subscribers) channel.subscribe(hear);
  }

  /** Ends; the spans of what is under way are not ended. */
  disable(): void {
    if (this.#subscribers === undefined) return;
    for (const { channel, hear } of this.#subscribers) channel.unsubscribe(hear);
    this.#subscribers = undefined;
  }

  /** Takes another provider than the global one. */
  setTracerProvider(provider: TracerProvider): void {
    this.#tracerProvider = provider;
    this.#renew();
  }

  /** Takes another provider than the global one. */
  setMeterProvider(provider: MeterProvider): void {
    this.#meterProvider = provider;
    this.#renew();
  }

  getConfig(): DataLayerInstrumentationConfig {
    return this.#config;
  }

  /** @throws ConfigurationError as the constructor does */
  setConfig(config: DataLayerInstrumentationConfig): void {
    this.#config = checked(config);
    this.#renew();
  }

  #renew(): void {
    if (this.#subscribers === undefined) return;
    this.disable();
    this.enable();
  }

  #made(): Subscribers {
    const { suppressInternalInstrumentation: suppresses = true } = this.#config;
    const tracer = (this.#tracerProvider ?? trace).getTracer(name, version);
    const meter = (this.#meterProvider ?? metrics).getMeter(name, version);
    return subscribersOf(new Spans(tracer, suppresses), new Metrics(meter));
  }
}

type Subscribers = ReturnType<typeof subscribersOf>;

function subscribersOf(spans: Spans, measured: Metrics) {
  return [
    heard<CallMessage>(callChannel.start, (message) => {
      spans.beginCall(message);
      measured.begin(message);
    }),
    heard<CallMessage>(callChannel.asyncEnd, (message) => {
      measured.endCall(message);
      spans.end(message);
    }),
    heard<RequestMessage & Begun>(requestChannel.start, (message) => spans.beginRequest(message)),
    heard<RequestMessage & Begun>(requestChannel.asyncEnd, (message) => {
      measured.endRequest(message);
      spans.end(message);
    }),
  ];
}

/** @param hear what a channel of this package publishes is of one type */
function heard<M>(channel: Channel, hear: (message: M) => void) {
  return { channel, hear: (message: unknown) => hear(message as M) };
}

function checked(config: DataLayerInstrumentationConfig): DataLayerInstrumentationConfig {
  const call = "DataLayerInstrumentation";
  const given = settingsOf(call, config, configNames);
  for (const [option, value] of Object.entries(given)) {
    if (typeof value === "boolean") continue;
    throw new ConfigurationError(`${call}: ${option} must be true or false`);
  }
  return given;
}
