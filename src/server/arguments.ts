/** The arguments of a call as its scope takes them, with the handler's own limits in their options. */
import type { CallOptions } from "../call/call.js";
import type { SecretsOf } from "../call/scope-secrets.js";
import { invalid, type ValidationIssue } from "../errors/validation-error.js";
import { isPlainMap } from "../values/payload.js";
import type { ExposedCall } from "./exposed.js";
import { withReceivedWhere } from "./received-where.js";
import { secretIssues } from "./secret-fields.js";

export interface Bounds {
  /** The most items that a page, a list or a batch has. */
  readonly maxLimit: number;
  readonly secretsOf: SecretsOf;
}

type Options = Readonly<Record<string, unknown>>;

/**
 * Checks what a browser sent for a call. The key, the payload and the options are the store's to check.
 * @throws ValidationError
 */
export function argumentsOf(
  exposed: ExposedCall,
  received: readonly unknown[],
  { maxLimit, secretsOf }: Bounds,
): unknown[] {
  const { store, call, rule } = exposed;
  const refuse = (issues: readonly ValidationIssue[]) =>
    invalid({ operation: `${store}.${call}` }, issues);
  // A user's scope fixes all parts of a partition, so that one argument is the options.
  const all = rule.partition === true && received.length === 1 ? [{}, ...received] : received;
  if (all.length > rule.before + 1) {
    throw refuse([
      { path: "input", message: `has more than ${rule.before + 1} arguments, options included` },
    ]);
  }
  const before = Array.from({ length: rule.before }, (_, index) => all[index]);
  if (rule.partition === true) before[0] ??= {};
  const given = optionsIn(all[rule.before]);
  if (given === undefined) throw refuse([{ path: "options", message: "must be an object" }]);
  const secrets = secretsOf(store) ?? [];
  const { options, issues: ofWhere } = withReceivedWhere(given, secrets);
  const issues = [
    ...ofWhere,
    ...["signal", "timeoutMs"].flatMap((path) =>
      Object.hasOwn(options, path) ? [{ path, message: "is the handler's to set" }] : [],
    ),
    ...secretIssues(options, secrets),
    ...(rule.list === true ? lengthIssues(before[0], maxLimit) : []),
  ];
  if (issues.length > 0) throw refuse(issues);
  if (rule.limit === "first") before[0] = capped(before[0], maxLimit);
  const limited =
    rule.limit === "option" ? { ...options, limit: capped(options.limit, maxLimit) } : options;
  return [...before, limited];
}

/** The same with the limits of the request: a deadline, and a signal for the browser's abort. */
export function withLimits(
  { rule }: ExposedCall,
  input: readonly unknown[],
  limits: CallOptions,
): unknown[] {
  return [...input.slice(0, rule.before), { ...(input[rule.before] as object), ...limits }];
}

function optionsIn(given: unknown): Options | undefined {
  if (given === undefined || given === null) return {};
  return isPlainMap(given) ? (given as Options) : undefined;
}

/** A limit from 1 to the most; what is no number stays, for the store to refuse. */
function capped(limit: unknown, maxLimit: number): unknown {
  if (limit === undefined) return maxLimit;
  return typeof limit === "number" && limit > maxLimit ? maxLimit : limit;
}

function lengthIssues(given: unknown, maxLimit: number): ValidationIssue[] {
  if (!Array.isArray(given) || given.length <= maxLimit) return [];
  const message = `has ${given.length} elements: at most ${maxLimit} are taken at a time`;
  return [{ path: "input.0", message }];
}
