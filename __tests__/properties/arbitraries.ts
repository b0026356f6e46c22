/** What the properties are tried with: payloads, ids and times, and how often. */
import fc from "fast-check";
import { anyText } from "../any-text.js";

const factor = Number(process.env.COAGENT_TEST_RUNS ?? 1);

/** Time for a test of properties, in ms: a failure is tried again many times, machines may be busy. */
export const longEnough = factor > 1 ? 180_000 * factor : 180_000;
jest.setTimeout(longEnough);

/** fast-check prints the seed of a failure; `COAGENT_TEST_SEED` runs the properties with another one. */
const seed = Number(process.env.COAGENT_TEST_SEED ?? 20_250_301);

/**
 * How often a property is tried: `fc.assert(property, tries(100))`. `COAGENT_TEST_RUNS` is a factor:
 * 20 of it and a few seeds find what the usual number leaves to chance.
 */
export function tries(numRuns: number): { seed: number; numRuns: number } {
  return { seed, numRuns: Math.ceil(numRuns * factor) };
}

/** Any text that UTF-8 can hold: every code point but the surrogates, NUL and the empty text too. */
export const text = anyText({ maxLength: 12 });

/** An id: any text that is not empty, and what templates and keys might trip over. */
export const id = fc.oneof(
  { weight: 2, arbitrary: anyText({ minLength: 1, maxLength: 20 }) },
  fc.stringMatching(/^[\w#/:. -]{1,20}$/),
  fc.constantFrom(
    "#",
    "##",
    "a#b",
    "#a",
    "a#",
    "${userId}",
    "${createdAt}#${x}",
    "USER#u1",
    "0000000000001#x",
    "line\nbreak",
    "\u0000",
    " ",
    "../..",
    "a/b/c",
    "%00",
    '"quoted"',
    "main",
    "PROFILE",
    "constructor",
    "__proto__",
    "null",
    "undefined",
    "é",
    "𐀀",
    "\uffff",
    "\u{10ffff}",
  ),
);

/** Names that mean something to JavaScript, to DynamoDB's expressions, to the table or to ElectroDB. */
export const trickyNames = [
  "constructor",
  "toString",
  "hasOwnProperty",
  "valueOf",
  "prototype",
  "length",
  "size",
  "then",
  "name",
  "type",
  "PK",
  "SK",
  "GSI1PK",
  "GSI1SK",
  "EntityType",
  "Data",
  "data",
  "CreatedAt",
  "UpdatedAt",
  "TTL",
  "userId",
  "projectId",
  "2024",
  "0",
  "a.b",
  "a[0]",
  "#0",
  ":0",
  "#data",
  ":updatedAt_u0",
  "S",
  "N",
  "M",
  "L",
  "NULL",
  "and",
  "OR",
  "status",
  "values",
  '"',
  "'",
  "\\",
  " ",
  "\u0000",
  "{0}",
  "$",
];

/** A name of a field. `__proto__` is refused on purpose: the SDK cannot give it back. */
export const fieldName = fc
  .oneof(
    fc.constantFrom(...trickyNames),
    anyText({ minLength: 1, maxLength: 6 }),
    fc.stringMatching(/^[a-z]{1,3}$/),
  )
  .filter((name) => name !== "__proto__");

/** Numbers that DynamoDB and JavaScript agree on: the edges of both, and what lies between. */
const number = fc
  .oneof(
    fc.integer(),
    fc.maxSafeInteger(),
    fc.double({ noNaN: true, min: -1e9, max: 1e9 }),
    fc.double({ noNaN: true, min: -1e-100, max: 1e-100 }),
    fc.constantFrom(
      0,
      Number.MAX_SAFE_INTEGER,
      Number.MIN_SAFE_INTEGER,
      1e-130,
      -1e-130,
      1.2345678901234567e-130,
      0.1 + 0.2,
      -0.5,
      1e15,
      Number.EPSILON,
    ),
  )
  // DynamoDB has no -0, and nothing nearer to 0.
  .map((value) => (Math.abs(value) < 1e-130 ? 0 : value));

const biggest = 10n ** 38n - 1n;
const firstBig = 2n ** 53n;

/** Integers that JavaScript's numbers cannot hold, of up to 38 digits. */
const bigint = fc
  .oneof(
    fc.bigInt({ min: firstBig, max: biggest }),
    fc.bigInt({ min: firstBig, max: firstBig + 4n }),
    fc.constantFrom(biggest, firstBig, 10n ** 37n, 2n ** 64n),
  )
  .chain((value) => fc.constantFrom(value, -value));

const bytes = fc.uint8Array({ maxLength: 8 });

const set = fc.oneof(
  fc.uniqueArray(text, { minLength: 1, maxLength: 4 }).map((members) => new Set(members)),
  fc
    .uniqueArray(fc.oneof(number, bigint), {
      minLength: 1,
      maxLength: 4,
      comparator: "SameValueZero",
    })
    .map((members) => new Set(members)),
  fc
    .uniqueArray(bytes, { minLength: 1, maxLength: 4, selector: (member) => member.join() })
    .map((members) => new Set(members)),
);

/** A value that is no list and no map. */
export const leaf = fc.oneof(
  { weight: 3, arbitrary: text },
  { weight: 2, arbitrary: number },
  fc.boolean(),
  fc.constant(null),
  bigint,
  bytes,
  set,
);

function mapOf(value: fc.Arbitrary<unknown>, maxKeys = 5): fc.Arbitrary<Record<string, unknown>> {
  return fc.dictionary(fieldName, value, { maxKeys, noNullPrototype: true });
}

const tree = fc.letrec<{ value: unknown; list: unknown[]; map: Record<string, unknown> }>(
  (tie) => ({
    value: fc.oneof({ depthSize: "small", withCrossShrink: true }, leaf, tie("list"), tie("map")),
    list: fc.array(tie("value"), { maxLength: 4 }),
    map: mapOf(tie("value"), 4),
  }),
);

/** Lists and maps inside each other, as many as an item of the table may have inside its payload. */
const deep = fc
  .tuple(fc.array(fc.constantFrom("list", "map"), { minLength: 25, maxLength: 30 }), leaf)
  .filter(([, innermost]) => !(innermost instanceof Set))
  .map(([levels, innermost]) =>
    levels.reduce<unknown>(
      (value, level) => (level === "list" ? [value] : { x: value }),
      innermost,
    ),
  );

/** Any value that DynamoDB can hold. */
export const value: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 12, arbitrary: tree.value },
  { weight: 1, arbitrary: deep },
);

/** Fields that no schema of an entity names; `known` are the names that it does. */
export function looseFields(known: readonly string[]): fc.Arbitrary<Record<string, unknown>> {
  return mapOf(value).map((fields) =>
    Object.fromEntries(Object.entries(fields).filter(([name]) => !known.includes(name))),
  );
}

/** A creation time: the edges, near neighbours, and any. */
export const time = fc.oneof(
  fc.integer({ min: 0, max: 9_999_999_999_999 }),
  fc.integer({ min: 1_700_000_000_000, max: 1_700_000_000_005 }),
  fc.constantFrom(0, 1, 9, 10, 999_999_999_999, 1_000_000_000_000, 9_999_999_999_999),
);
