/** JSON that a person wrote or a command printed. */
import { ConfigurationError } from "../../src/index.js";

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** @throws ConfigurationError that names the file; the text is not quoted, because it may be anything */
export function parsedJson(text: string, name: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new ConfigurationError(`${name} is not JSON`, error);
  }
}

/** A number from 0 of an object, or what it is if it is left out. @throws ConfigurationError that names it */
export function amountOf(
  from: Readonly<Record<string, unknown>>,
  member: string,
  where: string,
  otherwise?: number,
): number {
  const value = from[member] ?? otherwise;
  if (typeof value === "number" && value >= 0 && Number.isFinite(value)) return value;
  throw new ConfigurationError(`${where}: ${member} must be a number from 0`);
}

/** @throws ConfigurationError for a member that is none of the names: a misspelt one would have no effect */
export function refuseUnknown(given: object, names: readonly string[], where: string): void {
  const unknown = Object.keys(given).find((name) => !names.includes(name));
  if (unknown === undefined) return;
  throw new ConfigurationError(`${where}: ${unknown} is unknown; there are ${names.join(", ")}`);
}
