/** Items that expire: when an item has expired, and the `TTL` that is stored for it. */
import type { ValidationIssue } from "../errors/validation-error.js";
import { attribute, type RawItem } from "../table/table.js";
import { isExactNumber, numberBytes } from "../values/exact-number.js";
import type { EntityModel } from "./model.js";
import { latestTime } from "./times.js";

/** 2000-01-01. A time before it was given in seconds, most probably. */
const earliestExpiry = 946_684_800_000;

/** The seconds of a clock's time, as conditions compare them with a stored `TTL`. */
export function secondsOf(time: number): number {
  return Math.floor(time / 1000);
}

/** Whether a stored item of an entity with expiry has expired, although DynamoDB has not deleted it yet. */
export function isExpired({ expires, clock }: EntityModel, raw: RawItem): boolean {
  if (expires === undefined) return false;
  const seconds = numberOf(raw[attribute.timeToLive]);
  return seconds !== undefined && seconds <= secondsOf(clock.now());
}

/** A stored number; DynamoDB compares no value of another type with one. */
function numberOf(value: unknown): number | undefined {
  if (typeof value === "number") return value;
  if (typeof value === "bigint") return Number(value);
  return isExactNumber(value) ? value.toNumber() : undefined;
}

/** Whether a value is a time that an expiry can be. */
function isExpiry(value: unknown): value is number {
  return typeof value === "number" && value >= earliestExpiry && value <= latestTime;
}

/**
 * What is stored as `TTL`: epoch seconds, rounded up, so that nothing is deleted too early.
 * @param expiry the value of the payload's field. What is no such time, as the upgrade of an older payload
 * may make it, does not expire
 */
export function timeToLiveOf(expiry: unknown): number | undefined {
  return isExpiry(expiry) ? Math.ceil(expiry / 1000) : undefined;
}

/** The attribute of an item whose payload says when it expires. */
export function expiryAttribute(
  { expires }: EntityModel,
  data: Readonly<Record<string, unknown>>,
): { readonly [attribute.timeToLive]?: number } {
  if (expires === undefined) return {};
  const seconds = timeToLiveOf(Object.hasOwn(data, expires) ? data[expires] : undefined);
  return seconds === undefined ? {} : { [attribute.timeToLive]: seconds };
}

/** The issues of a payload's expiry. */
export function expiryIssuesIn(model: EntityModel, data: unknown): ValidationIssue[] {
  const { expires } = model;
  if (expires === undefined) return [];
  return expiryIssues(model, expires, (data as Readonly<Record<string, unknown>>)[expires]);
}

/** The bytes of that attribute: its name and a number. */
export function expiryBytes(model: EntityModel, data: Readonly<Record<string, unknown>>): number {
  const { [attribute.timeToLive]: seconds } = expiryAttribute(model, data);
  if (seconds === undefined) return 0;
  return attribute.timeToLive.length + (numberBytes(seconds) ?? 0);
}

/** The issues of a payload field that holds an expiry. Any other field has none here. */
export function expiryIssues(
  { expires }: EntityModel,
  field: string | number | undefined,
  value: unknown,
): ValidationIssue[] {
  if (expires === undefined || field !== expires || value === undefined || value === null)
    return [];
  if (isExpiry(value)) return [];
  const isSeconds = typeof value === "number" && value >= 0 && value < earliestExpiry;
  const message = isSeconds
    ? "must be in epoch milliseconds, from the year 2000 on: this one looks like seconds"
    : `must be a time in epoch milliseconds, from ${earliestExpiry} (the year 2000) to ${latestTime}`;
  return [{ path: `data.${expires}`, message }];
}
