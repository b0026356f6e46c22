/** The rule of a declaration whose items expire: of which field, and of which attribute. */
import { mayHaveField, payloadOf } from "../src/entity/declared-payload.js";
import type { Declaration } from "../src/entity/model.js";
import { type DeclaredSchema, expiryFieldOf, expiryName } from "../src/table/declared.js";
import { attribute } from "../src/table/table.js";
import { type PayloadRules, secretFields } from "../src/values/payload.js";
import { StandardPayload } from "../src/values/standard-payload.js";
import { someNumbers, someTime, takes } from "./tried-values.js";

/** A schema of a field, as far as it is tried out. */
interface Tried {
  safeParse(value: unknown): {
    readonly success: boolean;
    readonly error?: { readonly issues: readonly { readonly code: string }[] };
  };
}

/** The rule that a declaration with `expires` breaks. Only then is its payload's schema built. */
export function expiryRule(declaration: Declaration, schema: DeclaredSchema): string | undefined {
  const declared = Object.entries(schema.attributes).find(([, one]) =>
    Object.hasOwn(one ?? {}, "expires"),
  );
  if (declared === undefined) return undefined;
  const [name, options] = declared;
  const { type, field: stored, expires } = options as Readonly<Record<string, unknown>>;
  const isMade = name === expiryName && type === "number" && stored === attribute.timeToLive;
  if (!isMade || Object.keys(options).length !== 3) {
    return `has an attribute ${name} that expires, and is not made by ...expires("field")`;
  }
  const field = expiryFieldOf(schema);
  const payload = payloadOf(declaration);
  const tried = field !== undefined && mayHaveField(payload, field);
  if (!tried) return `has expires(${JSON.stringify(expires)}), which names no field of the payload`;
  const named = `has expires(${JSON.stringify(field)}), which names a field of the payload`;
  if (secretFields(payload).includes(field)) return `${named} that is secret`;
  return isNumber(payload, field) ? undefined : `${named} that is no number`;
}

/** Whether a field takes numbers and, but for what stands for no value, nothing else. */
function isNumber(payload: PayloadRules, name: string): boolean {
  const others = ["", String(someTime), true, {}, [], new Date(someTime)];
  if (payload instanceof StandardPayload) {
    const isTaken = (value: unknown) => takes(payload, name, value);
    // What an issue is about, the standard does not say: some number must be valid.
    return !others.some(isTaken) && someNumbers.some(isTaken);
  }
  const field = payload.shape[name] as Tried;
  if (others.some((value) => field.safeParse(value).success)) return false;
  const { error } = field.safeParse(someTime);
  return !(error?.issues ?? []).some(({ code }) => code === "invalid_type");
}
