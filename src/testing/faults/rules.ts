/** Which request is hit by which fault: a number of requests, or a seeded share of them. */
import { optionNames, settingsOf } from "../../call/options.js";
import { ConfigurationError } from "../../errors/configuration-error.js";
import { type Fault, faultNames, kinds } from "./kinds.js";

/** DynamoDB's operations that a data layer sends, and those of its streams that `watch` sends. */
export const operations = [
  "GetItem",
  "PutItem",
  "UpdateItem",
  "DeleteItem",
  "Query",
  "Scan",
  "BatchGetItem",
  "BatchWriteItem",
  "TransactGetItems",
  "TransactWriteItems",
  "CreateTable",
  "DescribeTable",
  "DeleteTable",
  "UpdateTimeToLive",
  "DescribeStream",
  "GetShardIterator",
  "GetRecords",
] as const;

export type OperationName = (typeof operations)[number];

/** A fault, the requests that it hits, and how often. */
export interface FaultRule {
  readonly fault: Fault;
  /** DynamoDB's operation. @default all that the fault can hit */
  readonly operation?: OperationName | undefined;
  /** How many requests it hits; `Infinity` for all. @default 1 */
  readonly times?: number | undefined;
  /** How many matching requests pass before the first hit. @default 0 */
  readonly after?: number | undefined;
  /** How late the response of `slow` is, in ms. @default 50 */
  readonly delayMs?: number | undefined;
}

/** Faults that hit a share of the requests: the same ones whenever the seed is the same. */
export interface RandomFaults {
  /** An integer. */
  readonly seed: number;
  /** The share of requests that are hit, from 0 to 1. */
  readonly rate: number;
  /** The faults to choose from, all equally likely. @default all but `bodyAltered` */
  readonly faults?: readonly Fault[] | undefined;
  /** DynamoDB's operation. @default all */
  readonly operation?: OperationName | undefined;
  /** How late the response of `slow` is, in ms. @default 50 */
  readonly delayMs?: number | undefined;
}

const faultRuleNames = optionNames<FaultRule>({
  fault: true,
  operation: true,
  times: true,
  after: true,
  delayMs: true,
});

const randomFaultsNames = optionNames<RandomFaults>({
  seed: true,
  rate: true,
  faults: true,
  operation: true,
  delayMs: true,
});

/** A fault that hits a request. */
export interface Hit {
  readonly fault: Fault;
  readonly delayMs: number;
}

/** Called for each request, in order. */
export type Rule = (operation: string) => Hit | undefined;

/** How late a slow response is unless the rule says otherwise. */
export const defaultDelayMs = 50;

/**
 * The rule for a number of requests.
 * @throws ConfigurationError for a rule that could hit nothing
 */
export function countedRule(rule: FaultRule): Rule {
  const given = settingsOf("faults", rule, faultRuleNames);
  const { fault, operation, times = 1, after = 0, delayMs = defaultDelayMs } = given;
  checkFaults("fault", [fault]);
  const possible = kinds[fault].operations ?? operations;
  if (operation !== undefined && !possible.includes(operation)) {
    throw new ConfigurationError(`operation of ${fault} must be one of ${possible.join(", ")}`);
  }
  if (!((Number.isInteger(times) && times >= 1) || times === Number.POSITIVE_INFINITY)) {
    throw new ConfigurationError("times must be an integer from 1, or Infinity");
  }
  if (!(Number.isInteger(after) && after >= 0)) {
    throw new ConfigurationError("after must be an integer from 0");
  }
  checkDelay(delayMs);
  let passed = 0;
  let hits = 0;
  return (name) => {
    if (operation === undefined ? !possible.includes(name as OperationName) : operation !== name) {
      return undefined;
    }
    if (passed < after) {
      passed += 1;
      return undefined;
    }
    if (hits >= times) return undefined;
    hits += 1;
    return { fault, delayMs };
  };
}

/**
 * The rule for a share of the requests. Which fault, if any, hits the n-th matching request depends
 * only on the seed and n.
 * @throws ConfigurationError for a rule that could hit nothing
 */
export function randomRule(random: RandomFaults): Rule {
  const given = settingsOf("faults.random", random, randomFaultsNames);
  const { seed, rate, operation, delayMs = defaultDelayMs } = given;
  const chosen = given.faults ?? faultNames.filter((fault) => fault !== "bodyAltered");
  if (!Number.isSafeInteger(seed)) throw new ConfigurationError("seed must be an integer");
  if (!(rate >= 0 && rate <= 1)) throw new ConfigurationError("rate must be a number from 0 to 1");
  checkFaults("faults", chosen);
  if (operation !== undefined && !operations.includes(operation)) {
    throw new ConfigurationError(`operation must be one of ${operations.join(", ")}`);
  }
  checkDelay(delayMs);
  let count = 0;
  return (name) => {
    if (operation !== undefined && operation !== name) return undefined;
    const [chance, choice] = [drawn(seed, 2 * count), drawn(seed, 2 * count + 1)];
    count += 1;
    if (chance >= rate) return undefined;
    const possible = chosen.filter((one) => kinds[one].operations?.includes(name) ?? true);
    const fault = possible[Math.floor(choice * possible.length)];
    return fault && { fault, delayMs };
  };
}

/** The n-th number from 0 to 1 of a seed: mulberry32, whose state is the seed plus n steps. */
export function drawn(seed: number, n: number): number {
  let state = (seed + Math.imul(n + 1, 0x6d2b79f5)) | 0;
  state = Math.imul(state ^ (state >>> 15), state | 1);
  state ^= state + Math.imul(state ^ (state >>> 7), state | 61);
  return ((state ^ (state >>> 14)) >>> 0) / 2 ** 32;
}

function checkFaults(option: string, faults: readonly Fault[]): void {
  if (faults.length > 0 && faults.every((fault) => faultNames.includes(fault))) return;
  throw new ConfigurationError(`${option} must be one of ${faultNames.join(", ")}`);
}

export function checkDelay(delayMs: number): void {
  if (Number.isFinite(delayMs) && delayMs >= 0) return;
  throw new ConfigurationError("delayMs must be a number of milliseconds from 0");
}
