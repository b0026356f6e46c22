/** What a page sent for an operation. Keys, payloads and options are the store's to check. */
import { invalidAt } from "../errors/validation-error.js";
import { isPlainMap } from "../values/payload.js";
import type { Explorer, Visit } from "./explorer.js";
import type { KnownStore } from "./sent-item.js";

/** The parts of a key, by their names. */
export type Parts = Readonly<Record<string, string | number>>;

const refuse = (path: string, message: string) =>
  invalidAt({ operation: "explore" }, path, message);

/** @throws ValidationError if there is no such store */
export function storeIn({ explorer, input }: Pick<Visit, "explorer" | "input">): KnownStore {
  const store = knownStoreOf(explorer, input.store);
  if (store === undefined) throw refuse("store", "is no store of this table");
  return store;
}

function knownStoreOf({ stores }: Explorer, name: unknown): KnownStore | undefined {
  return typeof name === "string" ? stores.get(name) : undefined;
}

/** The parts of a key, or of a part of one. */
export function partsIn(input: Visit["input"], name: string): Parts | undefined {
  const given = input[name];
  if (given === undefined) return undefined;
  const isPart = (value: unknown) => typeof value === "string" || typeof value === "number";
  if (isPlainMap(given) && Object.values(given).every(isPart)) return given as Parts;
  throw refuse(name, "must be an object of texts and numbers");
}

export function keyIn(input: Visit["input"]): Parts {
  const key = partsIn(input, "key");
  if (key === undefined) throw refuse("key", "is missing");
  return key;
}

export function textIn(input: Visit["input"], name: string): string | undefined {
  const given = input[name];
  if (given === undefined || given === null) return undefined;
  if (typeof given === "string" && given !== "") return given;
  throw refuse(name, "must be a text that is not empty");
}

export function flagIn(input: Visit["input"], name: string): boolean {
  const given = input[name] ?? false;
  if (typeof given === "boolean") return given;
  throw refuse(name, "must be true or false");
}

/** A whole number from 1 to the most. */
export function countIn(
  input: Visit["input"],
  name: string,
  fallback: number,
  most: number,
): number {
  const given = input[name] ?? fallback;
  if (Number.isInteger(given) && (given as number) >= 1 && (given as number) <= most) {
    return given as number;
  }
  throw refuse(name, `must be an integer from 1 to ${most}`);
}
