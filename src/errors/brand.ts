/** The brand by which the errors of this package are recognised, whichever copy they come from. */
import { isObject } from "../runtime/objects.js";
import { isError, isNativeError } from "../runtime/realms.js";
import { hide } from "./hidden.js";

/**
 * The property of each class's prototype that says which class it is. Another copy of this package has
 * other classes: an application that loads both the CommonJS and the ES module has two copies, and so
 * has a monorepo with two versions. The name of the class itself is no use, because bundlers change it.
 */
const kindKey = Symbol.for("bayon-coagent-data.errorKind");

/** Brands a class, so that `instanceof` also recognises errors of this class from other copies. */
export function brand({ prototype }: { readonly prototype: object }, kind: string): void {
  hide(prototype, kindKey, kind);
}

/**
 * `instanceof` for these classes. It holds for their own instances, and for those of the same class, or
 * of a class below it, in another copy. A class that an application derives has no brand of its own and
 * recognises only its own instances.
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

/** The fields of an error of this package that decisions depend on. */
interface OwnError {
  readonly code: string | undefined;
  readonly statusCode: number | undefined;
  readonly retryable: boolean;
  readonly requestId: string | undefined;
}

/** Whether it is an error of this package, of this or another copy. A proxy may throw when asked. */
export function isOwnError(value: unknown): value is Error & OwnError {
  return isError(value) && hasKind(value, "DynamoDBError");
}
