/**
 * Passes a signal to the request handler without the options of the SDK's `send`. With any option the
 * SDK resolves its middleware stack anew, for this request and the next one, which makes a read half as
 * expensive again (@smithy/core 3.38, `Client.send`).
 */
import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import type { NodeHttpHandler } from "@smithy/node-http-handler";

/** The signals by the input of a command, and later by the HTTP request that was made from it. */
const signals = new WeakMap<object, AbortSignal>();

/** A copy of a command's input, which carries a signal to the handler. */
export function withSignal<I extends object>(input: I, signal: AbortSignal): I {
  const own = { ...input };
  signals.set(own, signal);
  return own;
}

/** The same handler, which gets the signals as an option, as it would from the SDK. */
export function takingSignals<H extends object>(handler: H): H {
  const inner = handler as Pick<NodeHttpHandler, "handle">;
  const handing: typeof inner.handle = (request, options) => {
    const abortSignal = signals.get(request);
    return inner.handle(request, abortSignal ? { ...options, abortSignal } : options);
  };
  return new Proxy(handler, {
    get: (_, name) => {
      if (name === "handle") return handing;
      const member: unknown = Reflect.get(handler, name);
      // A class may have private members, so its methods need the handler itself as `this`.
      return typeof member === "function" ? member.bind(handler) : member;
    },
  });
}

/** Makes a client pass the signals on from the inputs to the HTTP requests. */
export function handOnSignals({ middlewareStack }: Pick<DynamoDBClient, "middlewareStack">): void {
  middlewareStack.add(
    (next) => (given) => {
      const signal = signals.get(given.input);
      // This is the last step before the handler, which gets the request that signing has made.
      if (signal !== undefined) signals.set(given.request as object, signal);
      return next(given);
    },
    { step: "deserialize", priority: "low", name: "bayonHandOnSignal", override: true },
  );
}
