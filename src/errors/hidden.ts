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

/**
 * How DynamoDB, its engines and the SDK quote values: the operands of a condition, the value of an
 * argument that breaks a constraint, a number that is out of range, and what cannot be converted.
 */
const quotedValues: readonly (readonly [RegExp, string])[] = [
  [/AttributeValue:? ?\{.*$/s, "not shown"],
  [/\bValue '.*' at '/s, "Value at '"],
  [/\b(numeric value|Unsupported type passed)\b.*$/s, "$1"],
  [/\bNumber \S+ is (greater|lesser)/, "Number is $1"],
  [/\bInput collection \[.*\]/s, "Input collection"],
];

/** Nobody reads more of a message; who responds in DynamoDB's place may make it as long as they like. */
const mostCharacters = 2_000;

/** A message without the values that it quotes, and not without end. */
export function withoutValues(message: string): string {
  const cut = message.length > mostCharacters ? `${message.slice(0, mostCharacters)}…` : message;
  return quotedValues.reduce((text, [quoted, instead]) => text.replace(quoted, instead), cut);
}

/** How many causes below each other are looked at: the SDK's error, and ElectroDB's around it. */
const mostCauses = 4;

/**
 * Hides the stored item that the SDK puts on its errors, and the values in the messages of an error and of
 * its causes: every log of a cause would show them.
 */
export function hidePayload(error: unknown, causes = mostCauses): void {
  if (!isObject(error)) return;
  try {
    hideQuoted(error);
    if (causes > 0) hidePayload(error.cause, causes - 1);
    for (const property of ["Item", "CancellationReasons"]) {
      const descriptor = Object.getOwnPropertyDescriptor(error, property);
      if (descriptor?.enumerable && descriptor.configurable) hide(error, property, error[property]);
    }
  } catch {
    // A proxy that cannot be examined: no log shows its properties either.
  }
}

function hideQuoted(error: Record<string, unknown>): void {
  for (const property of ["message", "_message"]) {
    const message = error[property];
    if (typeof message !== "string") continue;
    const safe = withoutValues(message);
    if (safe === message) continue;
    const { stack } = error;
    hide(error, property, safe);
    // The message stands at the head of the stack; where it does not, the frames alone are left.
    if (typeof stack === "string") {
      const frames = /(?:\n {4}at .*)+$/.exec(stack)?.[0] ?? "";
      const isThere = stack.includes(message);
      hide(error, "stack", isThere ? stack.split(message).join(safe) : `${safe}${frames}`);
    }
  }
}
