/**
 * Hands a signal to the request handler beside the options of the SDK's `send`: with any option the SDK
 * resolves its stack of middleware anew, for this request and for the next, and a read then costs half
 * as much again (@smithy/core 3.38, `Client.send`).
 */
import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import type { NodeHttpHandler } from "@smithy/node-http-handler";

/** The signals by the input of a command, and then by the HTTP request that was made of it. */
const signals = new WeakMap<object, AbortSignal>();

/** A copy of a command's input, with which a signal goes along to the handler. */
export function withSignal<I extends object>(input: I, signal: AbortSignal): I {
  const own = { ...input };
  signals.set(own, signal);
  return own;
}

/** The same handler, but that it gets the signals as an option, as it would from the SDK. */
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
      // Of a class with private members: its methods want the handler itself.
      return typeof member === "function" ? member.bind(handler) : member;
    },
  });
}

/** Makes a client hand the signals on from the inputs to the requests. */
export function handOnSignals({ middlewareStack }: Pick<DynamoDBClient, "middlewareStack">): void {
  middlewareStack.add(
    (next) => (given) => {
      const signal = signals.get(given.input);
      // The last step before the handler: signing has made the request that it gets.
      if (signal !== undefined) signals.set(given.request as object, signal);
      return next(given);
    },
    { step: "deserialize", priority: "low", name: "bayonHandOnSignal", override: true },
  );
}
