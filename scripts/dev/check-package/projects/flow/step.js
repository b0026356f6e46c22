// How the flow tells what it does: the recorder hears of each step, and of what came out in the end.
import { request } from "node:http";
import * as library from "bayon-coagent-data";

/** A moment long gone, so that the times of the machine's own clock can be told from it. */
const start = Date.UTC(2020, 8, 13);

const errorClasses = Object.entries(library).filter(
  ([, value]) => typeof value === "function" && value.prototype instanceof Error,
);

/** What an error says of itself, and of which of the package's classes it is. */
export function describeError(error) {
  const { name, message, code, statusCode, retryable, mayHaveBeenDone } = error;
  const { operation, entity, key, item, items, reasons, issues, written, cause } = error;
  return {
    classes: errorClasses.filter(([, type]) => error instanceof type).map(([found]) => found),
    isRetryable: library.isRetryableError(error),
    ...{ name, message, code, statusCode, retryable, mayHaveBeenDone, operation, entity, key },
    ...{ item, items, reasons, issues, written },
    reasonItems: reasons?.map((reason) => reason.item),
    cause: cause?.name,
  };
}

function post(url, body) {
  return new Promise((resolve, reject) => {
    const sent = request(url, { method: "POST" }, (answer) => {
      answer.resume();
      answer.once("end", resolve);
    });
    sent.once("error", reject);
    sent.end(body);
  });
}

/** The steps of one part: each has a time of its own, and an outcome. */
export function createSteps(part, endpoint) {
  let now = start;
  let events = [];
  const outcomes = [];
  return {
    clock: { now: () => now },
    events: ({ durationMs: _, ...event }) => {
      events.push(event);
    },
    /**
     * Runs a step.
     * @param refused the name of the class whose error must come of it; `true` for any
     */
    async step(name, run, refused) {
      now += 1000;
      events = [];
      await post(`${endpoint}/step`, `${part}: ${name}`);
      let outcome;
      try {
        outcome = { value: (await run()) ?? null };
      } catch (error) {
        outcome = { error: describeError(error) };
      }
      const classes = outcome.error?.classes;
      const asExpected =
        refused === true ? classes : refused ? classes?.includes(refused) : !classes;
      if (!asExpected) outcome.unexpected = true;
      // The event of a request that was given up comes a moment later.
      await new Promise((resolve) => setTimeout(resolve, 1));
      // Requests of one moment are answered in any order.
      const sorted = events.map((event) => JSON.stringify(event)).sort();
      outcomes.push({ step: name, ...outcome, events: sorted.map((event) => JSON.parse(event)) });
      return outcome.value;
    },
    tell: () => post(`${endpoint}/outcome`, JSON.stringify({ part, outcomes })),
  };
}
