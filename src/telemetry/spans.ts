/** The spans of a call and of the requests below it. */
import {
  type Context,
  context,
  createContextKey,
  type Span,
  SpanKind,
  SpanStatusCode,
  type Tracer,
  trace,
} from "@opentelemetry/api";
import type { Begun, CallMessage } from "../call/tracing.js";
import type { RequestMessage } from "../transport/events.js";
import {
  callAttributes,
  callNameOf,
  operationNameOf,
  present,
  spanAttributes,
} from "./attributes.js";

/**
 * By this key OpenTelemetry's SDKs (1 and 2) make no span: the request's own says what those of the AWS
 * SDK's and of HTTP's instrumentation would say again. It is the key of @opentelemetry/core.
 */
const suppressTracing = createContextKey("OpenTelemetry SDK Context Key SUPPRESS_TRACING");

/** Spans by the message of what they are of, while that is under way. */
export class Spans {
  readonly #tracer: Tracer;
  readonly #suppressesInner: boolean;
  readonly #open = new WeakMap<object, Span>();

  constructor(tracer: Tracer, suppressesInner: boolean) {
    this.#tracer = tracer;
    this.#suppressesInner = suppressesInner;
  }

  beginCall(message: CallMessage): void {
    const attributes = present(callAttributes(message));
    const span = this.#tracer.startSpan(callNameOf(message), { attributes });
    this.#enter(message, span, trace.setSpan(context.active(), span));
  }

  beginRequest(message: RequestMessage & Begun): void {
    const name = [operationNameOf(message), message.table].filter(Boolean).join(" ");
    const options = { kind: SpanKind.CLIENT, attributes: present(spanAttributes(message)) };
    const span = this.#tracer.startSpan(name, options);
    const inner = trace.setSpan(context.active(), span);
    this.#enter(
      message,
      span,
      this.#suppressesInner ? inner.setValue(suppressTracing, true) : inner,
    );
  }

  #enter(message: Begun, span: Span, inner: Context): void {
    this.#open.set(message, span);
    message.around((run) => context.with(inner, run));
  }

  /** Ends the span of a message, if it has one: it may have begun before there were spans. */
  end(message: Begun & Partial<RequestMessage>): void {
    const span = this.#open.get(message);
    if (span === undefined) return;
    this.#open.delete(message);
    const { error, event } = message;
    if (event !== undefined) {
      const { attempts, throttles, hedged, consumedCapacity, budgetSpent } = event;
      span.setAttributes({
        "bayon.retries": attempts - 1 - (hedged ? 1 : 0),
        "bayon.throttles": throttles,
        "bayon.hedged": hedged,
        "bayon.budget_spent": budgetSpent,
      });
      if (consumedCapacity !== undefined) {
        span.setAttribute("bayon.consumed_capacity", consumedCapacity);
      }
    }
    if (error !== undefined) {
      // The code alone: a message names the key.
      span.setAttribute("error.type", error);
      span.setStatus({ code: SpanStatusCode.ERROR, message: error });
    }
    span.end();
  }
}
