/** The two ways to make an error: one object of options, or the positions of earlier versions. */
import { isObject } from "../runtime/objects.js";

/** What the constructor of every error of this package accepts. */
export interface CommonErrorOptions {
  /** What was thrown below. It may be anything; `requestId` is taken from it. */
  readonly cause?: unknown;
  /** The method that failed, for instance `update`. */
  readonly operation?: string | undefined;
  /** The entity it was called for, for instance `SavedContent`. */
  readonly entity?: string | undefined;
  /**
   * Whether the call may have been carried out nevertheless.
   *
   * @default false
   */
  readonly mayHaveBeenDone?: boolean | undefined;
}

const commonNames = ["cause", "operation", "entity", "mayHaveBeenDone"];

/**
 * The options that a constructor was given, in any of its forms: `(options)`, `(message, options)`,
 * or positions, which `byPosition` names.
 * @param ownNames the options of this class, without those that all classes have
 */
export function optionsOf<O extends object>(
  first: string | O | undefined,
  second: unknown,
  ownNames: readonly string[],
  byPosition: (first: string | undefined) => O,
): O {
  if (isObject(first)) return first;
  const message = first as string | undefined;
  return hasOnly(second, [...commonNames, ...ownNames])
    ? ({ ...second, message } as object as O)
    : byPosition(message);
}

/**
 * Whether it is an object of options, and not something that was thrown: a plain object that has some
 * of these properties and no others.
 */
function hasOnly(value: unknown, known: readonly string[]): value is object {
  if (!isObject(value)) return false;
  try {
    const prototype: unknown = Object.getPrototypeOf(value);
    const isPlain = !isObject(prototype) || Object.getPrototypeOf(prototype) === null;
    const names = Object.keys(value);
    return isPlain && names.length > 0 && names.every((name) => known.includes(name));
  } catch {
    // A proxy that cannot be examined can only be something that was thrown.
    return false;
  }
}
