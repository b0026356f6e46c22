/**
 * Names of options. An unknown one is refused before anything is sent: if a misspelt `ifUpdatedAt` were
 * ignored, a delete would lose its condition, and a misspelt `limit` would read a whole partition.
 */
import { ConfigurationError, readSettings } from "../errors/configuration-error.js";
import { type CallContext, describe, withContext } from "../errors/context.js";
import { ValidationError, type ValidationIssue } from "../errors/validation-error.js";

/** The names of an options object. */
export type OptionNames = readonly string[];

/** The names of a type's options: a missing or an extra one does not compile. */
export function optionNames<T extends object>(names: Record<keyof T & string, true>): OptionNames {
  return Object.keys(names);
}

/** How many unknown names are reported, and how many characters of each are shown. */
const mostReported = 10;
const mostShown = 80;

/** What the names are names of, in messages. */
interface Kind {
  readonly one: string;
  readonly all: string;
}

const option: Kind = { one: "an option", all: "the options are" };

/**
 * The members of an object that nobody would read. Inherited ones count, because they would be read
 * too; `undefined` counts as not given.
 * @param also names that are accepted too, although no message suggests them
 */
export function unknownNames(
  given: object,
  known: OptionNames,
  kind: Kind,
  also: OptionNames = [],
): ValidationIssue[] {
  const issues: ValidationIssue[] = [];
  for (const name in given) {
    if (known.includes(name) || also.includes(name) || !isGiven(given, name)) continue;
    const near = nearestName(name, known);
    const hint =
      near !== undefined
        ? `; did you mean ${JSON.stringify(near)}?`
        : `: ${known.length === 0 ? "there are none" : `${kind.all} ${known.join(", ")}`}`;
    issues.push({ path: shortened(name), message: `is not ${kind.one}${hint}` });
    if (issues.length === mostReported) break;
  }
  return issues;
}

const mustBeObject: ValidationIssue = { path: "options", message: "must be an object" };

/** The options that a caller gave and that a call does not know. */
export function unknownOptions(given: unknown, known: OptionNames): ValidationIssue[] {
  if (given === undefined || given === null) return [];
  if (typeof given !== "object" || Array.isArray(given) || ArrayBuffer.isView(given)) {
    return [mustBeObject];
  }
  return unknownNames(given, known, option);
}

/**
 * Refuses options that a call does not know.
 * @throws ValidationError whose issues name them
 */
export function refuseUnknown(context: CallContext, given: unknown, known: OptionNames): void {
  const issues = unknownOptions(given, known);
  if (issues.length === 0) return;
  throw withContext(
    new ValidationError({ message: describe(context, textOf(issues)), issues }),
    context,
  );
}

/**
 * Refuses settings that are not known.
 * @param name whose settings they are, for instance `retry.budget`
 * @throws ConfigurationError that names them
 */
export function refuseUnknownSettings(name: string, given: unknown, known: OptionNames): void {
  const issues = readSettings(name, () => unknownOptions(given, known));
  if (issues.length > 0) throw new ConfigurationError(`${name}: ${textOf(issues)}`);
}

/**
 * The settings that a caller gave, each read once: inherited ones and a class's getters too.
 * @param call whose options they are
 * @throws ConfigurationError for a value that is not an object, cannot be read, or has an unknown name
 */
export function settingsOf<T extends object>(call: string, given: T, known: OptionNames): T {
  const name = `${call}: options`;
  return readSettings(name, () => {
    if (typeof given !== "object" || given === null || Array.isArray(given)) {
      throw new ConfigurationError(`${name} must be an object`);
    }
    refuseUnknownSettings(call, given, known);
    const settings: Record<string, unknown> = {};
    for (const option of known) {
      const value: unknown = Reflect.get(given, option);
      if (value !== undefined) settings[option] = value;
    }
    return settings as T;
  });
}

function textOf(issues: readonly ValidationIssue[]): string {
  return issues
    .map((issue) => {
      const { path, message } = issue;
      return `${issue === mustBeObject ? path : JSON.stringify(path)} ${message}`;
    })
    .join("; ");
}

/**
 * Whether a value was given: additions to the prototype of all objects do not count, and neither do
 * methods of a class. `get(key, controller)` takes an AbortController for its signal, as `fetch` does.
 */
function isGiven(given: object, name: string): boolean {
  const value: unknown = Reflect.get(given, name);
  if (value === undefined || value === Reflect.get(Object.prototype, name)) return false;
  return typeof value !== "function" || Object.hasOwn(given, name);
}

function shortened(name: string): string {
  return name.length > mostShown ? `${name.slice(0, mostShown)}…` : name;
}

/**
 * Refuses what is most likely a misspelt setting of an object that may have further members: a key
 * provider, or a pair of keys with what an SDK adds to it.
 * @throws ConfigurationError that names it
 */
export function refuseMisspelt(name: string, given: object, known: OptionNames): void {
  for (const member in given) {
    const meant = known.find((one) => isMisspelt(member, one));
    if (meant === undefined || known.includes(member) || !isGiven(given, member)) continue;
    const hint = `is not an option; did you mean ${JSON.stringify(meant)}?`;
    throw new ConfigurationError(`${name}: ${JSON.stringify(member)} ${hint}`);
  }
}

/** How many letters of a name may be wrong, and the length beyond which none of ours was meant. */
const mostWrong = 2;
const longestName = 40;

/**
 * The known name that was most likely meant: the same but for case, one inside the other
 * (`timeout` for `timeoutMs`), or all but two letters of it.
 */
export function nearestName(name: string, known: OptionNames): string | undefined {
  if (name.length > longestName) return undefined;
  const meant = name.toLowerCase();
  let nearest: string | undefined;
  let least = Number.POSITIVE_INFINITY;
  for (const candidate of known) {
    const own = candidate.toLowerCase();
    let wrong = editDistance(meant, own);
    const shorter = Math.min(meant.length, own.length);
    const isInside = shorter > 3 && (own.includes(meant) || meant.includes(own));
    if (isInside) wrong = Math.min(wrong, mostWrong);
    if (wrong <= mostWrong && wrong * 2 < Math.max(meant.length, own.length) && wrong < least) {
      nearest = candidate;
      least = wrong;
    }
  }
  return nearest;
}

/** Whether a name differs from another only in case and at most two letters. */
function isMisspelt(name: string, meant: string): boolean {
  return (
    name.length <= longestName && editDistance(name.toLowerCase(), meant.toLowerCase()) <= mostWrong
  );
}

/** Letters added, left out, replaced, or swapped with their neighbour. */
function editDistance(a: string, b: string): number {
  let before: number[] = [];
  let above = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= b.length; column += 1) {
      const same = a[row - 1] === b[column - 1];
      const swapped = a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      current[column] = Math.min(
        (above[column] ?? 0) + 1,
        (current[column - 1] ?? 0) + 1,
        (above[column - 1] ?? 0) + (same ? 0 : 1),
        swapped ? (before[column - 2] ?? 0) + 1 : Number.POSITIVE_INFINITY,
      );
    }
    before = above;
    above = current;
  }
  return above[b.length] ?? 0;
}
