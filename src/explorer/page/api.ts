/** The page's requests, and what is known of those that were made. */
import { useSyncExternalStore } from "react";
import { decode, encode } from "../../browser/values.js";
import type { Budget, Failure, Reply, ShownCall } from "../protocol.js";

/** A request that the server answered with a failure. */
export class CallError extends Error {
  readonly failure: Failure;

  constructor(failure: Failure) {
    super(failure.message);
    this.name = failure.name;
    this.failure = failure;
  }
}

/** The server does not answer any more. */
export class GoneError extends Error {
  constructor(cause: unknown) {
    super("The explorer's server does not answer. Start bayon-data explore again.", { cause });
    this.name = "GoneError";
  }
}

export interface MadeCall extends ShownCall {
  readonly id: number;
}

/** What all screens show of the requests so far. */
export interface Traffic {
  readonly calls: readonly MadeCall[];
  readonly budget: Budget | undefined;
  readonly isGone: boolean;
}

/** Older calls are forgotten. */
const mostCalls = 100;

let traffic: Traffic = { calls: [], budget: undefined, isGone: false };
let made = 0;
const listeners = new Set<() => void>();

function note(next: Partial<Traffic>): void {
  traffic = { ...traffic, ...next };
  for (const listener of listeners) listener();
}

export function useTraffic(): Traffic {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => traffic,
  );
}

/**
 * Asks the server to carry out an operation.
 * @throws CallError, GoneError
 */
export async function ask<T>(operation: string, input: object, signal?: AbortSignal): Promise<T> {
  const reply = await replyTo(operation, input, signal);
  // Another explorer listens here now, which gave this page no token.
  if (reply.failure?.code === "MissingAuthenticationToken") {
    note({ isGone: true });
    throw new GoneError(reply.failure);
  }
  const calls = reply.calls.map((call) => {
    made += 1;
    return { ...call, id: made };
  });
  note({
    calls: [...calls.reverse(), ...traffic.calls].slice(0, mostCalls),
    budget: reply.budget,
    isGone: false,
  });
  if (reply.failure !== undefined) {
    throw new CallError(decode(reply.failure, operation, "failure") as Failure);
  }
  return decode(reply.value, operation, "result") as T;
}

async function replyTo(
  operation: string,
  input: object,
  signal: AbortSignal | undefined,
): Promise<Reply> {
  try {
    const response = await fetch(`/api/${operation}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(encode(input, operation, "input")),
      signal: signal ?? null,
    });
    return (await response.json()) as Reply;
  } catch (error) {
    if (signal?.aborted === true) throw error;
    note({ isGone: true });
    throw new GoneError(error);
  }
}
