/**
 * Hands a signal, or a response that is already there, to the request handler without the options of the
 * SDK's `send`. With any option the SDK resolves its middleware stack anew, for this request and the next
 * one, which makes a read half as expensive again (@smithy/core 3.38, `Client.send`).
 */
import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import type { NodeHttpHandler } from "@smithy/node-http-handler";

type Handle = NodeHttpHandler["handle"];

/** What comes with a command's input. */
interface HandedOn {
  readonly signal?: AbortSignal | undefined;
  /** Returned in place of a response to the request, which is not sent. */
  readonly answer?: object | undefined;
}

/** By the input of a command, and later by the HTTP request that was made from it. */
const handedOn = new WeakMap<object, HandedOn>();

/** A copy of a command's input, with which something is handed to the request handler. */
export function handingOn<I extends object>(input: I, what: HandedOn): I {
  const own = { ...input };
  handedOn.set(own, what);
  return own;
}

/** The same handler, which gets the signals as an option, as it would from the SDK. */
export function takingHandedOn<H extends object>(handler: H): H {
  const inner = handler as Pick<NodeHttpHandler, "handle">;
  const handling: Handle = async (request, options) => {
    const { signal, answer } = handedOn.get(request) ?? {};
    if (answer !== undefined) return { response: answer } as Awaited<ReturnType<Handle>>;
    return inner.handle(request, signal ? { ...options, abortSignal: signal } : options);
  };
  return new Proxy(handler, {
    get: (_, name) => {
      if (name === "handle") return handling;
      const member: unknown = Reflect.get(handler, name);
      // A class may have private members, so its methods need the handler itself as `this`.
      return typeof member === "function" ? member.bind(handler) : member;
    },
  });
}

/** Makes a client pass on to the HTTP requests what came with the inputs. */
export function passOn({ middlewareStack }: Pick<DynamoDBClient, "middlewareStack">): void {
  middlewareStack.add(
    (next) => (given) => {
      const what = handedOn.get(given.input);
      // This is the last step before the handler, which gets the request that signing has made.
      if (what !== undefined) handedOn.set(given.request as object, what);
      return next(given);
    },
    { step: "deserialize", priority: "low", name: "bayonHandOn", override: true },
  );
}
