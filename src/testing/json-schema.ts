/** The JSON Schema of a payload, with what JSON does not have: big integers, sets, how texts begin and end. */
import type { z } from "zod";
import { toJSONSchema } from "zod/v4/core";
import type { PayloadRules } from "../values/payload.js";
import { isKind } from "../values/schema-issues.js";
import type { JsonSchema } from "./sample-value.js";

/** Of a zod schema, what is added. */
interface Definition {
  readonly type: string;
  readonly format?: string;
  readonly values?: readonly unknown[];
  readonly valueType?: z.ZodType;
  readonly checks?: readonly { readonly _zod: { readonly def: Check } }[];
}

interface Check {
  readonly check: string;
  readonly value?: unknown;
  readonly inclusive?: boolean;
  readonly minimum?: number;
  readonly size?: number;
  readonly prefix?: string;
  readonly suffix?: string;
  readonly includes?: string;
}

/** The JSON Schema of a payload; of one that is not zod's, a schema of nothing. */
export function jsonSchemaOf(payload: PayloadRules): JsonSchema {
  if (!isKind(payload, "ZodType")) return { type: "object" };
  return schemaOf(payload);
}

function schemaOf(payload: z.ZodType): JsonSchema {
  return toJSONSchema(payload, {
    io: "input",
    unrepresentable: "any",
    override: ({ zodSchema, jsonSchema }) => {
      Object.assign(jsonSchema, moreOf(zodSchema._zod.def as unknown as Definition));
    },
  }) as JsonSchema;
}

/** What JSON Schema does not say of a value. It is JSON: big integers are texts. */
function moreOf({ type, format, values, valueType, checks = [] }: Definition): JsonSchema {
  const rules = checks.map((one) => one._zod.def);
  switch (type) {
    case "bigint":
      return { type, ...boundsOf(rules) };
    case "literal":
      return typeof values?.[0] === "bigint"
        ? { type: "bigint", const: undefined, only: String(values[0]) }
        : {};
    case "set": {
      const sizes = rules.flatMap(({ check, minimum, size }) =>
        check === "min_size" || check === "size_equals" ? [Number(minimum ?? size)] : [],
      );
      return { type, items: valueType && schemaOf(valueType), minItems: Math.max(1, ...sizes) };
    }
    case "string": {
      const ends = rules.map(({ prefix, suffix, includes }) => ({ prefix, suffix, includes }));
      const given = ends.flatMap((one) =>
        Object.entries(one).filter(([, text]) => text !== undefined),
      );
      return { ...(format !== undefined && { textFormat: format }), ...Object.fromEntries(given) };
    }
    default:
      return {};
  }
}

/** The least and the most of a big integer. */
function boundsOf(rules: readonly Check[]): JsonSchema {
  const bounds = rules.flatMap(({ check, value, inclusive }) => {
    if (typeof value !== "bigint") return [];
    const step = inclusive === true ? 0n : 1n;
    if (check === "greater_than") return [["minimum", String(value + step)]];
    if (check === "less_than") return [["maximum", String(value - step)]];
    return check === "multiple_of" ? [["multipleOf", String(value)]] : [];
  });
  return Object.fromEntries(bounds) as JsonSchema;
}
