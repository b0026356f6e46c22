/** The versions of an entity's payloads: what a declaration says of them, and upgrades. */
import { types } from "node:util";
import { describe, withContext } from "../errors/context.js";
import { DynamoDBError } from "../errors/dynamodb-error.js";
import { nameOf } from "../errors/words.js";
import { type KeyTemplate, keyPartsOf } from "../keys/template.js";
import { isError } from "../runtime/realms.js";
import { sealedKeyId } from "../secrets/encryption.js";
import { refuseUnreadable } from "../secrets/unreadable.js";
import type { DeclaredVersions, UpgradeStep } from "../table/declared.js";
import { attribute, type RawItem } from "../table/table.js";
import { copyOf } from "../values/copy.js";
import { checkValue, isPlainMap } from "../values/payload.js";

/** The versions of an entity's payload. */
export interface Versions {
  /** The version that is written. */
  readonly current: number;
  /** What makes each version the next one, from version 1 on. */
  readonly steps: readonly (UpgradeStep | null)[];
}

/** What upgrades need to know of an entity. */
interface Versioned {
  readonly name: string;
  readonly pk: KeyTemplate;
  readonly sk: KeyTemplate;
  readonly secrets: readonly string[];
  readonly versions: Versions | undefined;
}

/** The versions that a declaration names. It has been checked with {@link versionRule}. */
export function versionsOf({ version, upgrade = {} }: DeclaredVersions): Versions | undefined {
  if (version === undefined) return undefined;
  const steps = Array.from({ length: version - 1 }, (_, index) => upgrade[index + 1] ?? null);
  return { current: version, steps };
}

/** The most versions: a condition lists them, and DynamoDB's `IN` takes so many values. */
const mostVersions = 100;

/** The rule that a declaration's versions break. */
export function versionRule({ version, upgrade }: DeclaredVersions): string | undefined {
  if (version === undefined) {
    return upgrade === undefined ? undefined : "has an upgrade and no version";
  }
  if (!Number.isInteger(version) || version < 1 || version > mostVersions) {
    return `has a version that is no integer from 1 to ${mostVersions}`;
  }
  if (upgrade !== undefined && !isPlainMap(upgrade)) {
    return "has an upgrade that is no object of functions: { 1: (old) => ({ … }) }";
  }
  const steps = new Map<string, unknown>(Object.entries(upgrade ?? {}));
  for (let from = 1; from < version; from += 1) {
    const rule = stepRule(from, steps.get(String(from)));
    if (rule !== undefined) return rule;
    steps.delete(String(from));
  }
  const [more] = steps.keys();
  return more === undefined ? undefined : `has an upgrade from ${more}, and version ${version}`;
}

function stepRule(from: number, step: unknown): string | undefined {
  if (step === undefined) {
    return `has no upgrade from version ${from}: give a function, or null if no item has this version`;
  }
  if (types.isAsyncFunction(step)) {
    return `has an asynchronous upgrade from version ${from}: upgrades are made at once`;
  }
  const isStep = step === null || typeof step === "function";
  return isStep ? undefined : `has an upgrade from version ${from} that is no function`;
}

/** The version of a stored item's payload: 1 if it was stored without one. */
export function storedVersion(raw: RawItem): unknown {
  const version = raw[attribute.dataVersion];
  return version === undefined ? 1 : version;
}

/**
 * Whether a stored payload is of a version that this code does not know, which is nearly always a newer
 * one. It is read as it is and never written over. What is no integer from 1 (a text, null, 1.5) is no
 * version that any code knows.
 */
export function isNewer({ versions }: Pick<Versioned, "versions">, raw: RawItem): boolean {
  if (versions === undefined) return false;
  const version = storedVersion(raw);
  return !(
    Number.isInteger(version) &&
    Number(version) >= 1 &&
    Number(version) <= versions.current
  );
}

/** Whether a stored item has a payload that is to be upgraded. */
export function isOlder(model: Pick<Versioned, "versions">, raw: RawItem): boolean {
  const { versions } = model;
  if (versions === undefined || versions.steps.length === 0) return false;
  return storedVersion(raw) !== versions.current && !isNewer(model, raw) && isPlainMap(raw.Data);
}

/**
 * The payload of an item of an older version, as one of the current version. It shares nothing with the
 * item, nor with the next result.
 * @param operation the call that reads it
 * @throws DecryptionError if a secret of it could not be opened
 * @throws DynamoDBError `UpgradeFailed` if a step throws, or returns no payload
 */
export function upgradedData(
  model: Versioned,
  raw: RawItem,
  operation?: string,
): Record<string, unknown> {
  const { steps } = model.versions as Versions;
  // What could not be opened is not in the payload, and would be lost.
  refuseUnreadable(model, raw, false, operation);
  const fail = (rule: string, thrown?: unknown) => failed(model, raw, operation, rule, thrown);
  const stored = raw.Data as Record<string, unknown>;
  const sealed = Object.keys(stored).find(
    (field) => !model.secrets.includes(field) && sealedKeyId(stored[field]) !== undefined,
  );
  if (sealed !== undefined) {
    const rule = `data.${sealed} is encrypted, and no secret of the payload's schema: keep it there`;
    throw fail(rule);
  }
  let data: unknown = copyOf(stored);
  for (let version = Number(storedVersion(raw)); version <= steps.length; version += 1) {
    const step = steps[version - 1];
    if (typeof step !== "function") {
      throw fail(`there is no upgrade from version ${version} any more`);
    }
    const names = `the upgrade from version ${version} to ${version + 1}`;
    try {
      data = step(data as never);
    } catch (thrown) {
      throw fail(`${names} threw ${plainName(thrown)}`, thrown);
    }
    if (isPlainMap(data)) continue;
    if (types.isPromise(data)) data.catch(() => undefined);
    throw fail(`${names} returned ${types.isPromise(data) ? "a promise" : "no object"}`);
  }
  const { issues, value } = checkValue(data, "data");
  const [issue] = issues;
  if (issue === undefined) return value as Record<string, unknown>;
  // A name inside the payload may be made of a secret.
  const what = hasSecret(model, raw) ? "" : `: ${issue.path} ${issue.message}`;
  throw fail(`its upgrade returned what cannot be stored${what}`);
}

function failed(
  model: Versioned,
  raw: RawItem,
  operation: string | undefined,
  rule: string,
  thrown: unknown,
): DynamoDBError {
  const context = { operation, entity: model.name, key: keyPartsOf(model, raw) };
  const of = `the payload of version ${String(storedVersion(raw))} cannot be upgraded: ${rule}`;
  const cause = hasSecret(model, raw) ? withoutMessage(thrown) : thrown;
  const message = describe(context, of);
  return withContext(new DynamoDBError({ message, code: "UpgradeFailed", cause }), context);
}

function hasSecret({ secrets }: Versioned, { Data }: RawItem): boolean {
  return secrets.some((field) => Data?.[field] != null);
}

/** The name of what was thrown, if it is one: whoever throws may name it after a value. */
function plainName(thrown: unknown): string {
  const name = nameOf(thrown);
  return name !== undefined && /^[A-Z]\w{0,60}$/.test(name) ? name : "something";
}

/** Where something was thrown, without its message, which may quote a secret of the payload. */
function withoutMessage(thrown: unknown): unknown {
  if (thrown === undefined) return undefined;
  const frames = isError(thrown) ? framesOf(thrown) : "";
  const safe = new Error("the message is not shown, because the payload has secrets");
  safe.name = plainName(thrown);
  safe.stack = `${safe.name}: ${safe.message}${frames}`;
  return safe;
}

/** The frames of a stack: what follows the message, which may look like frames itself. */
function framesOf({ stack = "", message }: Error): string {
  const end = stack.indexOf(message) + message.length;
  return end < message.length ? "" : (/^(?:\n {4}at .*)+$/.exec(stack.slice(end))?.[0] ?? "");
}
