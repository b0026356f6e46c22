/**
 * What a field of a payload takes, found by trying values: of a schema of another library than zod 4 nothing
 * else is known.
 */
import type { StandardPayload } from "../src/values/standard-payload.js";

/** Some time: a number may have bounds, but it has the right type. */
export const someTime = 1_790_000_000_000;

/** Numbers of which a field with bounds takes one. */
export const someNumbers = [0, 1, someTime, 4_102_444_800_000, 9_999_999_999_999];

const texts = ["", "text", String(someTime)];
const noTexts = [...someNumbers, -1, 0.5, 1n, true, false, [], {}, new Date(someTime)];

/** Whether a field takes a value. */
export function takes(payload: StandardPayload, name: string, value: unknown): boolean {
  return payload.issuesAt([name], value).length === 0;
}

/**
 * Whether a field takes something else than texts, as far as can be found out: values with rules of their own
 * (a number over ten billion, an object with a field) are not tried.
 */
export function takesOtherThanTexts(payload: StandardPayload, name: string): boolean {
  if (!noTexts.some((value) => takes(payload, name, value))) return false;
  // A schema that does not tell its parts may say nothing of this one before another one is right.
  const isTold = Object.hasOwn(payload.shape, name);
  return isTold || ![...texts, ...noTexts].every((value) => takes(payload, name, value));
}
