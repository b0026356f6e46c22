/**
 * What Node's diagnostics channels are told of calls and requests, in the form of a TracingChannel. Nobody
 * listening costs one look at a property; a payload, a key or a secret is never told.
 */
import { type TracingChannel, tracingChannel } from "node:diagnostics_channel";
import { nameOf } from "../errors/words.js";

/** Runs what it is given, and returns what that returns. */
export type Around = <R>(run: () => R) => R;

/** What subscribers are given of what has begun, besides what it is. */
export interface Begun {
  /**
   * Lets what was begun run inside a function, for instance OpenTelemetry's `context.with`. For an
   * AsyncLocalStorage there is the channel's own `bindStore`. Only while `start` is published.
   */
  around(wrap: Around): void;
  /** The code of the error that ended it; from `error` on. */
  readonly error: string | undefined;
}

/** What is published of a call of the facade, for instance `get` of `SavedContent`. */
export interface CallMessage extends Begun {
  readonly operation: string | undefined;
  readonly entity: string | undefined;
}

type Channel = TracingChannel<unknown, object>;

/** The names of the channels: `tracing:bayon-coagent-data.call:start`, and so on. */
export const channelNames = {
  call: "bayon-coagent-data.call",
  request: "bayon-coagent-data.request",
} as const;

export const callChannel: Channel = /* @__PURE__ */ tracingChannel(channelNames.call);
export const requestChannel: Channel = /* @__PURE__ */ tracingChannel(channelNames.request);

/**
 * Runs work and tells a channel's listeners when it begins, and how it ended. What a listener throws is
 * the process's, as with every diagnostics channel: it reaches neither the work nor its caller.
 */
export function traced<M extends object, R>(
  channel: Channel,
  message: M,
  work: () => Promise<R>,
): Promise<R> {
  const told = Object.assign(message, { around, error: undefined as string | undefined });
  const wraps: Around[] = [];
  function around(wrap: Around): void {
    wraps.push(wrap);
  }
  return channel.start.runStores(told, async () => {
    try {
      return await wraps.reduceRight<() => Promise<R>>((run, wrap) => () => wrap(run), work)();
    } catch (thrown) {
      told.error = nameOf(thrown) ?? "Error";
      channel.error.publish(told);
      throw thrown;
    } finally {
      channel.asyncStart.publish(told);
      channel.asyncEnd.publish(told);
    }
  });
}
