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
  if (all !== undefined && schema.type !== "string") {
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
  bigint: sampleBigInt,
  set: (schema, wanted, level) => new Set(membersOf(schema, wanted, level)),
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
  // A record whose names are all known.
  for (const name of required) {
    const { additionalProperties: values } = schema;
    if (name in properties || !isObject(values)) continue;
    made[name] = sampleValue(values as JsonSchema, { ...wanted, name }, level + 1);
  }
  return made;
}

/** Members of a set: no two alike, if the schema of a member leaves the choice. */
function membersOf({ items, minItems }: JsonSchema, wanted: Wanted, level: number): unknown[] {
  return Array.from({ length: Number(minItems) }, (_, index) => {
    const { count } = wanted;
    const made = sampleValue(items as JsonSchema, { ...wanted, count: count + index }, level + 1);
    return typeof made === "number" || typeof made === "bigint" ? plus(made, index) : made;
  });
}

function plus(value: number | bigint, more: number): number | bigint {
  return typeof value === "bigint" ? value + BigInt(more) : value + more;
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

/** Texts of the formats that zod has. Those without a count in them have one value. */
const ofFormat: Readonly<Record<string, (count: number) => string>> = {
  email: (count) => `person-${count}@example.com`,
  uri: (count) => `https://example.com/${count}`,
  uuid: (count) => `00000000-0000-4000-8000-${padded(count, 12)}`,
  "date-time": () => "2025-03-01T12:00:00.000Z",
  date: () => "2025-03-01",
  time: () => "12:00:00",
  duration: () => "PT1H",
  ipv4: () => "192.0.2.1",
  ipv6: () => "2001:db8::1",
  cidrv4: () => "192.0.2.0/24",
  cidrv6: () => "2001:db8::/32",
  mac: () => "00:00:5E:00:53:01",
  e164: (count) => `+1206555${padded(count, 4).slice(-4)}`,
  hostname: (count) => `host-${count}.example.com`,
  emoji: () => "\u{1F3E1}",
  nanoid: (count) => `n${padded(count, 20)}`,
  cuid: (count) => `c${padded(count, 24)}`,
  cuid2: (count) => `c${padded(count, 23)}`,
  ulid: (count) => padded(count, 26),
  xid: (count) => padded(count, 20),
  ksuid: (count) => padded(count, 27),
  base64: () => "dGV4dA==",
  base64url: () => "dGV4dA",
  jwt: () => "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.e30.c2lnbmF0dXJl",
};

/** Other forms of these, one of which a pattern may ask for. */
const others: readonly ((count: number) => string)[] = [
  (count) => `00000000-0000-7000-8000-${padded(count, 12)}`,
  (count) => `00000000-0000-6000-8000-${padded(count, 12)}`,
  () => "2025-03-01T12:00:00Z",
  () => "2025-03-01T12:00:00+00:00",
  () => "2025-03-01T12:00Z",
  () => "2025-03-01T12:00:00",
  () => "12:00:00.000",
  () => "12:00",
  ...[32, 40, 64, 96, 128].map((digits) => (count: number) => padded(count, digits)),
];

function padded(count: number, digits: number): string {
  return String(count).padStart(digits, "0");
}

/** A text of the format, or else one with the name of the field that all patterns take. */
function sampleText(schema: JsonSchema, { name, count }: Wanted): string {
  const { minLength = 0, maxLength = Number.POSITIVE_INFINITY } = schema as Limits;
  const { prefix = "", includes = "", suffix = "" } = schema as Readonly<Record<string, string>>;
  const ends = prefix.length + includes.length + suffix.length;
  const plain = `${name} ${count}`
    .padEnd(minLength - ends, "x")
    .slice(0, Math.max(0, maxLength - ends));
  const own = ofFormat[String(schema.format)] ?? ofFormat[String(schema.textFormat)];
  const made = [
    ...(own === undefined ? [] : [own(count)]),
    ...[plain, plain.toLowerCase(), plain.toUpperCase()].map(
      (text) => `${prefix}${text}${includes}${suffix}`,
    ),
    ...others.map((text) => text(count)),
  ];
  const patterns = patternsOf(schema);
  return made.find((text) => patterns.every((pattern) => pattern.test(text))) ?? made[0] ?? "";
}

/** The patterns that a text must match, as far as they are regular expressions. */
function patternsOf({ pattern, allOf }: JsonSchema): RegExp[] {
  const all = [pattern, ...((allOf ?? []) as readonly JsonSchema[]).map((part) => part.pattern)];
  return all.flatMap((one) => {
    try {
      return typeof one === "string" ? [new RegExp(one, "u")] : [];
    } catch {
      // A pattern that has another meaning without its flags. The schema itself judges what was made.
      return [];
    }
  });
}

/** The least integer that is stored as a bigint: a smaller one becomes a number. */
const leastBigInt = 2n ** 53n;

function sampleBigInt({ only, minimum, maximum, multipleOf = "1" }: JsonSchema): bigint {
  if (typeof only === "string") return BigInt(only);
  const step = BigInt(String(multipleOf));
  const least = typeof minimum === "string" ? BigInt(minimum) : leastBigInt;
  const most = typeof maximum === "string" ? BigInt(maximum) : undefined;
  if (most !== undefined && most < leastBigInt) return most - (most % step);
  const from = least > leastBigInt ? least : leastBigInt;
  return from % step === 0n ? from : from - (from % step) + step;
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
