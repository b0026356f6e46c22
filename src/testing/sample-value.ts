/** Values that a payload's schema takes, made from the JSON Schema that zod gives of it. */

/** A JSON Schema, of which the value is made. */
export interface JsonSchema {
  readonly [keyword: string]: unknown;
}

/** What is asked for beside the schema. */
interface Wanted {
  /** The name of the field: texts begin with it. */
  readonly name: string;
  /** A number that makes the texts differ. */
  readonly count: number;
  /** Whether fields that may be left out are made too. */
  readonly optional: boolean;
  /** The whole schema, into which `$ref` points. */
  readonly root: JsonSchema;
}

/** So deep in a schema, which contains itself then, only what it requires is made. */
const fullLevels = 8;

/** No value ends deeper. */
const mostLevels = 32;

/**
 * A value for the schema: the first of several possibilities, the smallest number, a text with the field's
 * name in it. Whether it is valid must be checked: a schema has rules that JSON Schema cannot say.
 */
export function sampleValue(schema: JsonSchema, wanted: Wanted, level = 0): unknown {
  if (level > mostLevels) return undefined;
  const { const: fixed, enum: members, default: value, $ref } = schema;
  if (fixed !== undefined) return fixed;
  if (value !== undefined) return value;
  if (Array.isArray(members)) return members[0];
  if (typeof $ref === "string") return sampleValue(referred($ref, wanted.root), wanted, level);
  const options = (schema.anyOf ?? schema.oneOf) as readonly JsonSchema[] | undefined;
  if (options?.[0] !== undefined) return sampleValue(options[0], wanted, level);
  const all = schema.allOf as readonly JsonSchema[] | undefined;
  if (all !== undefined) {
    const parts = all.map((part) => sampleValue(part, wanted, level));
    return parts.every(isObject) ? Object.assign({}, ...parts) : parts[0];
  }
  // What may be anything is a text.
  return (sampleOf[String(schema.type)] ?? sampleText)(schema, wanted, level);
}

/** A value of each type. */
const sampleOf: Readonly<
  Record<string, (schema: JsonSchema, wanted: Wanted, level: number) => unknown>
> = {
  object: sampleObject,
  array: sampleList,
  string: sampleText,
  number: sampleNumber,
  integer: sampleNumber,
  boolean: () => true,
  null: () => null,
};

function sampleObject(schema: JsonSchema, wanted: Wanted, level: number): unknown {
  const properties = (schema.properties ?? {}) as Readonly<Record<string, JsonSchema>>;
  const required = new Set((schema.required ?? []) as readonly string[]);
  const made: Record<string, unknown> = {};
  for (const [name, property] of Object.entries(properties)) {
    if (!required.has(name) && (!wanted.optional || level >= fullLevels)) continue;
    const value = sampleValue(property, { ...wanted, name }, level + 1);
    if (value !== undefined) made[name] = value;
  }
  return made;
}

function sampleList(schema: JsonSchema, wanted: Wanted, level: number): unknown[] {
  const tuple = schema.prefixItems as readonly JsonSchema[] | undefined;
  if (tuple !== undefined) return tuple.map((item) => sampleValue(item, wanted, level + 1));
  const { minItems = 0, maxItems = Number.POSITIVE_INFINITY } = schema as Limits;
  const length = Math.min(Math.max(minItems, level < fullLevels ? 1 : 0), maxItems);
  if (length === 0) return [];
  const items = (schema.items ?? {}) as JsonSchema;
  const value = sampleValue(items, wanted, level + 1);
  return value === undefined ? [] : Array.from({ length }, () => value);
}

interface Limits {
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly exclusiveMaximum?: number;
  readonly multipleOf?: number;
}

/** Texts of the formats that zod has, as JSON Schema calls them. */
const ofFormat: Readonly<Record<string, (count: number) => string>> = {
  email: (count) => `person-${count}@example.com`,
  uri: (count) => `https://example.com/${count}`,
  uuid: (count) => `00000000-0000-4000-8000-${String(count).padStart(12, "0")}`,
  "date-time": () => "2025-03-01T12:00:00.000Z",
  date: () => "2025-03-01",
  time: () => "12:00:00",
  duration: () => "PT1H",
  ipv4: () => "192.0.2.1",
  ipv6: () => "2001:db8::1",
};

function sampleText(schema: JsonSchema, { name, count }: Wanted): string {
  const made = ofFormat[String(schema.format)]?.(count);
  if (made !== undefined) return made;
  const { minLength = 0, maxLength = Number.POSITIVE_INFINITY } = schema as Limits;
  return `${name} ${count}`.padEnd(minLength, "x").slice(0, maxLength);
}

function sampleNumber(schema: JsonSchema): number {
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf } = schema as Limits;
  const step = multipleOf ?? (schema.type === "integer" ? 1 : undefined);
  const above = minimum ?? exclusiveMinimum;
  const below = maximum ?? exclusiveMaximum;
  if (step === undefined) {
    if (above === undefined) return below === undefined ? 1 : below - 1;
    return below === undefined ? above + 1 : (above + below) / 2;
  }
  // The least JavaScript integer is zod's own limit of integers, and no plausible value.
  if (above !== undefined && above > Number.MIN_SAFE_INTEGER) {
    return Math.ceil((minimum ?? above + step) / step) * step;
  }
  const highest = maximum ?? (below === undefined ? step : below - step);
  return Math.floor(Math.min(highest, step) / step) * step;
}

function referred($ref: string, root: JsonSchema): JsonSchema {
  if ($ref === "#") return root;
  const definitions = (root.$defs ?? {}) as Readonly<Record<string, JsonSchema>>;
  return definitions[$ref.replace("#/$defs/", "")] ?? {};
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
