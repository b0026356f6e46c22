/** The fields of a payload, for columns and forms: from its schema, if that tells them. */

import { toJSONSchema } from "zod/v4/core";
import type { PayloadRules } from "../values/payload.js";
import { isKind } from "../values/schema-issues.js";
import type { FieldDescription, FieldKind } from "./protocol.js";

/** The part of a JSON Schema that is read. */
interface JsonSchema {
  readonly type?: string | readonly string[];
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
}

/** The fields in the order of the schema; none of a schema that is not zod's, which tells none. */
export function fieldsOf(payload: PayloadRules, secrets: readonly string[]): FieldDescription[] {
  if (!isKind(payload, "ZodType")) {
    return secrets.map((name) => ({ ...unknownField, name, secret: true }));
  }
  const schema = toJSONSchema(payload, { io: "input", unrepresentable: "any" }) as JsonSchema;
  return Object.entries(schema.properties ?? {}).map(([name, field]) => ({
    name,
    ...shapeOf(field),
    required: schema.required?.includes(name) === true,
    secret: secrets.includes(name),
  }));
}

const unknownField = { kind: "any", required: false, nullable: true } as const;

type Shape = Pick<FieldDescription, "kind" | "nullable" | "choices">;

function shapeOf(field: JsonSchema): Shape {
  const branches = branchesOf(field);
  const types = new Set(branches.map(({ type }) => type).filter((type) => type !== "null"));
  const nullable = branches.some(({ type }) => type === "null");
  const choices = choicesOf(branches);
  if (choices !== undefined) return { kind: "text", nullable, choices };
  return { kind: kindOf(types, branches), nullable };
}

function branchesOf(field: JsonSchema): readonly JsonSchema[] {
  const inner = field.anyOf ?? field.oneOf;
  if (inner !== undefined) return inner.flatMap(branchesOf);
  const { type } = field;
  return Array.isArray(type) ? type.map((one: string) => ({ ...field, type: one })) : [field];
}

/** The texts that a field may be, if it may be no others. */
function choicesOf(branches: readonly JsonSchema[]): string[] | undefined {
  const found = branches
    .filter(({ type }) => type !== "null")
    .map(({ enum: values, const: only }) => values ?? (only === undefined ? undefined : [only]));
  const all = found.flat();
  return all.length > 0 && all.every((one): one is string => typeof one === "string")
    ? all
    : undefined;
}

function kindOf(types: ReadonlySet<unknown>, branches: readonly JsonSchema[]): FieldKind {
  const isTime = branches.some(({ properties }) => properties?._seconds !== undefined);
  if (isTime) return "time";
  if (types.size > 1) return "any";
  const [type] = types;
  switch (type) {
    case "string":
      return "text";
    case "number":
    case "integer":
      return "number";
    case "boolean":
      return "boolean";
    case "array":
      return "list";
    case "object":
      return "map";
    default:
      return "any";
  }
}
