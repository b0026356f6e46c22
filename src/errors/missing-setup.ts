/** Failures because there is no region or there are no credentials. */
import { isObject } from "../runtime/objects.js";
import { isOwnError } from "./brand.js";
import { credentialsNames } from "./codes.js";
import { adviceOf, isCredentialsFailure } from "./notes.js";
import { metadataOf, namesOf } from "./thrown.js";

export function lacksCredentials(error: unknown): boolean {
  if (!isObject(error)) return false;
  return isCredentialsFailure(error) || namesOf(error).some((name) => credentialsNames.has(name));
}

/** The SDK's messages if there is no region; these errors have no names (@smithy/core 3.38). */
const regionRule = /^Region is missing|Missing Region$|^expected `region` to be configured/;

export function lacksRegion(error: unknown): boolean {
  if (!isObject(error) || isOwnError(error)) return false;
  return regionRule.test(String(error.message)) && metadataOf(error)?.httpStatusCode === undefined;
}

/** Whether the message of a failure already says what to do about it. */
export function isAdvised(error: unknown): boolean {
  return adviceOf(error) !== undefined || lacksCredentials(error) || lacksRegion(error);
}

export const regionText =
  "no AWS region is set: set AWS_REGION or the option region (the SDK does not read AWS_DEFAULT_REGION)";
export const credentialsText =
  "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, AWS_PROFILE, a role, or the option credentials";
