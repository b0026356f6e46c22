/**
 * Values of other realms, recognised by what they are. Test environments with a DOM (happy-dom,
 * jsdom) and `node:vm` bring classes of their own, of which `instanceof` knows nothing.
 */

/** What a value is by its internal slots, as `Object.prototype.toString` has it of any realm. */
function tagOf(value: unknown): string {
  return Object.prototype.toString.call(value);
}

/** Whether it was made as an error, in any realm: an object with an error's prototype was not. */
export function isNativeError(value: unknown): value is Error {
  return tagOf(value) === "[object Error]";
}

/** Whether it is an error of any realm. */
export function isError(value: unknown): value is Error {
  return value instanceof Error || isNativeError(value);
}

/** Whether it is a Uint8Array of any realm; a Buffer is one. */
export function isBytes(value: unknown): value is Uint8Array {
  return ArrayBuffer.isView(value) && tagOf(value) === "[object Uint8Array]";
}

/** The same bytes as a Uint8Array of this realm, for libraries that ask for the class (jose 6). */
export function ownBytes(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(bytes);
}

/**
 * Whether it can end a call as an AbortSignal does: a signal of another realm, and one of a polyfill,
 * is no instance of this realm's class.
 */
export function isAbortSignal(value: unknown): value is AbortSignal {
  if (typeof value !== "object" || value === null) return false;
  const { aborted, addEventListener, removeEventListener } = value as Partial<AbortSignal>;
  return (
    typeof aborted === "boolean" &&
    typeof addEventListener === "function" &&
    typeof removeEventListener === "function"
  );
}
