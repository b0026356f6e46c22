/** Properties that no log sees: an item, a batch's inputs, a cause. */
import { isObject } from "../runtime/objects.js";

export function hide(target: object, property: PropertyKey, value: unknown): void {
  Object.defineProperty(target, property, {
    value,
    enumerable: false,
    configurable: true,
    writable: true,
  });
}

/** The SDK puts the stored item on its errors; there it would reach every log that prints a cause. */
export function hidePayload(error: unknown): void {
  if (!isObject(error)) return;
  try {
    for (const property of ["Item", "CancellationReasons"]) {
      const descriptor = Object.getOwnPropertyDescriptor(error, property);
      if (descriptor?.enumerable && descriptor.configurable) hide(error, property, error[property]);
    }
  } catch {
    // A proxy that lets nothing be looked at: no log sees it either.
  }
}
