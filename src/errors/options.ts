/** The two ways to make an error: options, or one value after the other. */
import { isObject } from "../runtime/objects.js";
import type { ErrorKey } from "./key-text.js";

/** What the constructor of every error of this package accepts. */
export interface CommonErrorOptions {
  /** What was thrown below. It may be anything; `requestId` is taken from it. */
  readonly cause?: unknown;
  /** The method that failed, for instance `update`. */
  readonly operation?: string | undefined;
  /** The entity it was called for, for instance `SavedContent`. */
  readonly entity?: string | undefined;
  /** The parts of the key that the call was given, for instance `{ userId, contentId }`. */
  readonly key?: ErrorKey | undefined;
  /**
   * Whether the call may have been carried out nevertheless.
   *
   * @default false
   */
  readonly mayHaveBeenDone?: boolean | undefined;
}

const commonNames = ["cause", "operation", "entity", "key", "mayHaveBeenDone"];

/**
 * The options of an error, in whichever form its constructor was called: `(options)`,
 * `(message, options)`, or one value after the other.
 * @param given the arguments of the constructor
 * @param positions the names of the options in the order of their positions
 */
export function optionsOf<O extends object>(given: readonly unknown[], ...positions: string[]): O {
  const [first, second] = given;
  if (isObject(first)) return first as O;
  const options: object = hasOnly(second, [...commonNames, ...positions])
    ? { ...second, message: first }
    : Object.fromEntries(positions.map((name, index) => [name, given[index]]));
  // The overloads of the constructors see to the types.
  return options as O;
}

/**
 * Whether it is an object of options, and not something that was thrown: a plain object that has some
 * of these properties and no others. None of them is a message.
 */
function hasOnly(value: unknown, known: readonly string[]): value is object {
  if (!isObject(value)) return false;
  try {
    const prototype: unknown = Object.getPrototypeOf(value);
    const isPlain = !isObject(prototype) || Object.getPrototypeOf(prototype) === null;
    const names = Object.keys(value);
    return (
      isPlain &&
      names.length > 0 &&
      names.every((name) => name !== "message" && known.includes(name))
    );
  } catch {
    // A proxy that cannot be examined can only be something that was thrown.
    return false;
  }
}
