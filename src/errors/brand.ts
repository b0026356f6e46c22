/** The mark that tells the errors of this package, whichever copy of it they come from. */
import { isObject } from "../runtime/objects.js";
import { isError, isNativeError } from "../runtime/realms.js";
import { hide } from "./hidden.js";

/**
 * Where the prototype of each class says which one it is. Another copy of this package has other
 * classes: an application that loads its CommonJS and its ES module form has two, and so has a
 * monorepo with two versions. What tells them is a name and not a class, nor a class's name, which
 * bundlers change.
 */
const kindKey = Symbol.for("bayon-coagent-data.errorKind");

/** Names a class, and lets `instanceof` know the errors of other copies by that name. */
export function brand({ prototype }: { readonly prototype: object }, kind: string): void {
  hide(prototype, kindKey, kind);
}

/**
 * `instanceof` of the classes below: their own instances, and those of the same class, or of one below
 * it, in another copy. A class of the application's has no name here and knows its own alone.
 */
export function isInstance(this: unknown, value: unknown): boolean {
  if (Function.prototype[Symbol.hasInstance].call(this, value)) return true;
  const prototype: unknown = (this as { readonly prototype?: unknown } | undefined)?.prototype;
  const kind = isObject(prototype) ? kindOf(prototype) : undefined;
  return kind !== undefined && isNativeError(value) && hasKind(value, kind);
}

function kindOf(prototype: object): unknown {
  return Object.getOwnPropertyDescriptor(prototype, kindKey)?.value;
}

function hasKind(error: object, kind: unknown): boolean {
  let prototype: object | null = Object.getPrototypeOf(error);
  while (prototype !== null && kindOf(prototype) !== kind) {
    prototype = Object.getPrototypeOf(prototype);
  }
  return prototype !== null;
}

/** What an error of this package says of itself. */
interface OwnError {
  readonly code: string | undefined;
  readonly statusCode: number | undefined;
  readonly retryable: boolean;
  readonly requestId: string | undefined;
}

/** Whether it is an error of this package, of this copy or another. Asks a proxy, which may throw. */
export function isOwnError(value: unknown): value is Error & OwnError {
  return isError(value) && hasKind(value, "DynamoDBError");
}
