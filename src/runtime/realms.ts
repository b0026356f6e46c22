/**
 * Recognises values of other realms. Test environments with a DOM (happy-dom, jsdom) and `node:vm` have
 * classes of their own, for which `instanceof` is false.
 */

/** The kind of a value by its internal slots, which `Object.prototype.toString` tells in any realm. */
function tagOf(value: unknown): string {
  return Object.prototype.toString.call(value);
}

/** Whether it was created as an error, in any realm. An object with an error's prototype was not. */
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

/** The same bytes as a Uint8Array of this realm, for libraries that check the class (jose 6). */
export function ownBytes(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(bytes);
}

/**
 * Whether it can end a call as an AbortSignal does. Signals of other realms and of polyfills are not
 * instances of this realm's class.
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
