/** What is measured of calls and of requests. */
import type { Attributes, Meter } from "@opentelemetry/api";
import type { Begun, CallMessage } from "../call/tracing.js";
import type { RequestEvent, RequestMessage } from "../transport/events.js";
import { callAttributes, present, requestAttributes } from "./attributes.js";

/** The conventions' buckets of `db.client.operation.duration`, in seconds. */
const boundaries = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10];

/** The calls whose reads are sent together when they come at the same moment. */
const coalesced = new Set(["get", "getOrThrow", "get,getOrThrow", "getOrThrow,get"]);

export class Metrics {
  readonly #begun = new WeakMap<object, number>();
  readonly #instruments: ReturnType<typeof instrumentsOf>;

  constructor(meter: Meter) {
    this.#instruments = instrumentsOf(meter);
  }

  begin(message: CallMessage): void {
    this.#begun.set(message, performance.now());
  }

  endCall(message: CallMessage): void {
    const begun = this.#begun.get(message);
    if (begun === undefined) return;
    const attributes = present({ ...callAttributes(message), "error.type": message.error });
    this.#instruments.calls.record((performance.now() - begun) / 1_000, attributes);
  }

  endRequest(message: RequestMessage & Begun): void {
    const { event, error } = message;
    if (event === undefined) return;
    const attributes = present(requestAttributes(message));
    const failed = present({ ...attributes, "error.type": error });
    this.#instruments.requests.record(event.durationMs / 1_000, failed);
    this.#count(event, attributes);
  }

  #count(event: RequestEvent, attributes: Attributes): void {
    const { attempts, throttles, budgetSpent, hedged, consumedCapacity, batchSize = 0 } = event;
    const all = this.#instruments;
    all.attempts.add(attempts, attributes);
    if (throttles > 0) all.throttles.add(throttles, attributes);
    if (budgetSpent) all.budgetSpent.add(1, attributes);
    if (hedged) all.hedged.add(1, attributes);
    if (consumedCapacity !== undefined) all.capacity.add(consumedCapacity, attributes);
    if (batchSize > 1 && coalesced.has(event.operation ?? "")) {
      all.coalesced.add(batchSize - 1, attributes);
    }
  }
}

function instrumentsOf(meter: Meter) {
  const duration = (name: string, description: string) =>
    meter.createHistogram(name, {
      description,
      unit: "s",
      advice: { explicitBucketBoundaries: boundaries },
    });
  const counter = (name: string, unit: string, description: string) =>
    meter.createCounter(name, { unit, description });
  return {
    calls: duration("bayon.call.duration", "Duration of calls of the data layer, retries included"),
    requests: duration(
      "db.client.operation.duration",
      "Duration of requests to DynamoDB, retries included",
    ),
    attempts: counter("bayon.request.attempts", "{attempt}", "HTTP attempts"),
    throttles: counter("bayon.request.throttles", "{attempt}", "Attempts that DynamoDB throttled"),
    budgetSpent: counter(
      "bayon.retry.budget_spent",
      "{request}",
      "Requests not sent again because the retry budget was spent",
    ),
    hedged: counter(
      "bayon.request.hedged",
      "{request}",
      "Reads sent a second time because their response was late",
    ),
    capacity: counter(
      "bayon.consumed_capacity",
      "{unit}",
      "Read or write units that DynamoDB reported",
    ),
    coalesced: counter(
      "bayon.coalesced_reads",
      "{read}",
      "Reads that went along with another one's request",
    ),
  };
}
