/** Properties that no log shows: an item, the inputs of a batch, a cause. */
import { isObject } from "../runtime/objects.js";

export function hide(target: object, property: PropertyKey, value: unknown): void {
  Object.defineProperty(target, property, {
    value,
    enumerable: false,
    configurable: true,
    writable: true,
  });
}

/** Hides the stored item that the SDK puts on its errors, where every log of a cause would show it. */
export function hidePayload(error: unknown): void {
  if (!isObject(error)) return;
  try {
    for (const property of ["Item", "CancellationReasons"]) {
      const descriptor = Object.getOwnPropertyDescriptor(error, property);
      if (descriptor?.enumerable && descriptor.configurable) hide(error, property, error[property]);
    }
  } catch {
    // A proxy that cannot be examined: no log shows its properties either.
  }
}
