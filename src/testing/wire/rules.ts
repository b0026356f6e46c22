/** Which request on the wire is hit by which fault. */
import { optionNames, settingsOf } from "../../call/options.js";
import { ConfigurationError } from "../../errors/configuration-error.js";
import {
  checkDelay,
  defaultDelayMs,
  drawn,
  type OperationName,
  operations,
} from "../faults/rules.js";
import { lateFaults, type WireFault, wireFaultNames, wireKinds } from "./kinds.js";

/** A request and access to the engine's response, as given to a custom `answer`. */
export interface WireCall {
  /** DynamoDB's operation. */
  readonly operation: string;
  /** What was sent, with DynamoDB's attribute values. */
  readonly input: Readonly<Record<string, unknown>>;
  /**
   * Has the engine carry out the request, or another input in its place.
   * @throws Error if the engine gives no complete response
   */
  forward(input?: object): Promise<WireAnswer>;
}

/** A response as it goes over the wire. */
export interface WireAnswer {
  readonly status: number;
  /**
   * `content-length` is that of the body unless it is given. With `connection: close`, the connection
   * is closed after the body. @default none
   */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly body: string;
}

/** A fault on the wire, the requests that it hits, and how often. */
export interface WireRule {
  /** Either this or `answer`. */
  readonly fault?: WireFault | undefined;
  /**
   * A custom response, or the fault that hits this request. `undefined` for a request that it does not
   * hit: the engine then responds.
   */
  readonly answer?: ((call: WireCall) => Promise<WireAnswer | WireFault | undefined>) | undefined;
  /** DynamoDB's operation, or several. @default all */
  readonly operation?: OperationName | readonly OperationName[] | undefined;
  /** How many requests it hits; `Infinity` for all. @default 1 */
  readonly times?: number | undefined;
  /** How many matching requests pass before the first hit. @default 0 */
  readonly after?: number | undefined;
  /** Hits the first of every this many matching requests. @default 1 */
  readonly every?: number | undefined;
  /**
   * How late `slow`, `drip`, `dripInBody`, `lateAnswer` and the late requests are, and how long an
   * `outage` lasts, in ms.
   * @default 50
   */
  readonly delayMs?: number | undefined;
  /**
   * Whether the engine carries out the request before the made-up response is sent. Only for faults
   * that do not need the engine's response. @default false
   */
  readonly forward?: boolean | undefined;
}

/** Faults on the wire that hit a share of the requests: the same ones whenever the seed is the same. */
export interface RandomWireFaults {
  /** An integer. */
  readonly seed: number;
  /** The share of requests that are hit, from 0 to 1. */
  readonly rate: number;
  /**
   * The faults to choose from, all equally likely. Of the requests hit by faults with a made-up
   * response, half (by the seed) are carried out all the same.
   *
   * @default all but `outage`, `lateRequest` and `duplicateRequest`
   */
  readonly faults?: readonly WireFault[] | undefined;
  /** As in a rule. @default all */
  readonly operation?: OperationName | readonly OperationName[] | undefined;
  /** As in a rule. @default 50 */
  readonly delayMs?: number | undefined;
}

const wireRuleNames = optionNames<WireRule>({
  fault: true,
  answer: true,
  operation: true,
  times: true,
  after: true,
  every: true,
  delayMs: true,
  forward: true,
});

const randomNames = optionNames<RandomWireFaults>({
  seed: true,
  rate: true,
  faults: true,
  operation: true,
  delayMs: true,
});

/** The fault that hits a request. */
export interface WireHit {
  readonly fault: WireFault | "own";
  readonly answer?: WireRule["answer"];
  readonly forward: boolean;
  readonly delayMs: number;
  /** The n-th number from 0 to 1 of this hit. */
  drawn(n: number): number;
}

/** Called for each request, in order. */
export type WireDecision = (operation: string) => WireHit | undefined;

const isCount = (value: number, least: number) =>
  (Number.isInteger(value) && value >= least) || value === Number.POSITIVE_INFINITY;

/** @throws ConfigurationError for a rule that could hit nothing */
export function countedWireRule(rule: WireRule): WireDecision {
  const given = settingsOf("inject", rule, wireRuleNames);
  const { fault, answer, operation, forward = false, delayMs = defaultDelayMs } = given;
  const { times = 1, after = 0, every = 1 } = given;
  if ((fault === undefined) === (answer === undefined)) {
    throw new ConfigurationError("inject: either `fault` or `answer` must be given");
  }
  if (fault !== undefined) checkWireFaults("fault", [fault]);
  if (answer !== undefined && typeof answer !== "function") {
    throw new ConfigurationError("answer must be a function");
  }
  if (typeof forward !== "boolean") throw new ConfigurationError("forward must be true or false");
  if (forward && (fault === undefined || wireKinds[fault].needsAnswer)) {
    throw new ConfigurationError("forward is for faults that make up an answer");
  }
  if (!isCount(times, 1))
    throw new ConfigurationError("times must be an integer from 1, or Infinity");
  if (!Number.isInteger(after) || after < 0) {
    throw new ConfigurationError("after must be an integer from 0");
  }
  if (!Number.isInteger(every) || every < 1) {
    throw new ConfigurationError("every must be an integer from 1");
  }
  checkDelay(delayMs);
  const matches = matcher(operation);
  let seen = 0;
  let hits = 0;
  return (name) => {
    if (!matches(name)) return undefined;
    const position = seen - after;
    seen += 1;
    if (position < 0 || position % every !== 0 || hits >= times) return undefined;
    hits += 1;
    const seed = hits;
    return {
      fault: fault ?? "own",
      answer,
      forward,
      delayMs,
      drawn: (n) => drawn(seed, n),
    };
  };
}

/** @throws ConfigurationError for a rule that could hit nothing */
export function randomWireRule(random: RandomWireFaults): WireDecision {
  const given = settingsOf("random", random, randomNames);
  const { seed, rate, operation, delayMs = defaultDelayMs } = given;
  const chosen = given.faults ?? usualWireFaults;
  if (!Number.isSafeInteger(seed)) throw new ConfigurationError("seed must be an integer");
  if (!(rate >= 0 && rate <= 1)) throw new ConfigurationError("rate must be a number from 0 to 1");
  checkWireFaults("faults", chosen);
  checkDelay(delayMs);
  const matches = matcher(operation);
  let count = 0;
  return (name) => {
    if (!matches(name)) return undefined;
    const own = seed + count;
    count += 1;
    if (drawn(own, 0) >= rate) return undefined;
    const fault = chosen[Math.floor(drawn(own, 1) * chosen.length)] as WireFault;
    const forward = !wireKinds[fault].needsAnswer && fault !== "lateRequest" && drawn(own, 2) < 0.5;
    return { fault, forward, delayMs, drawn: (n) => drawn(own, n + 3) };
  };
}

/** The faults that random rules use unless they name others. */
export const usualWireFaults: readonly WireFault[] = wireFaultNames.filter(
  (fault) => fault !== "outage" && !lateFaults.includes(fault),
);

function matcher(operation: WireRule["operation"]): (name: string) => boolean {
  if (operation === undefined) return () => true;
  const among: readonly string[] = typeof operation === "string" ? [operation] : operation;
  const known: readonly string[] = operations;
  if (!Array.isArray(among) || among.length === 0 || !among.every((one) => known.includes(one))) {
    throw new ConfigurationError(`operation must be one of ${operations.join(", ")}, or several`);
  }
  return (name) => among.includes(name);
}

/** @throws ConfigurationError unless each is the name of a fault */
export function checkWireFaults(option: string, faults: readonly WireFault[]): void {
  if (
    Array.isArray(faults) &&
    faults.length > 0 &&
    faults.every((fault) => wireFaultNames.includes(fault))
  ) {
    return;
  }
  throw new ConfigurationError(`${option} must be one of ${wireFaultNames.join(", ")}`);
}
