/** What the layer takes, the engine takes; what it refuses, it refuses before anything is sent. */
import vm from "node:vm";
import fc from "fast-check";
import { ValidationError } from "../../src/errors/validation-error.js";
import { pathText } from "../../src/values/payload.js";
import { engines } from "../engines.js";
import { failureOf, openTable } from "../open.js";
import { fieldName, leaf, looseFields, tries, value } from "./arbitraries.js";

const known = ["id", "name", "createdAt", "updatedAt"];
const payload = looseFields(known);

class Money {
  readonly cents = 100;
}

function cycle(): unknown {
  const round: Record<string, unknown> = {};
  round.again = { round };
  return round;
}

function nested(levels: number): unknown {
  let tree: unknown = "leaf";
  for (let level = 0; level < levels; level += 1) tree = level % 2 === 0 ? [tree] : { tree };
  return tree;
}

/** A value that DynamoDB cannot hold or that would not come back, and what the refusal says of it. */
interface Unstorable {
  readonly what: string;
  make(): unknown;
  readonly rule: RegExp;
}

const unstorable: readonly Unstorable[] = [
  { what: "a Date", make: () => new Date(), rule: /plain value, not a Date/ },
  { what: "a Date of another realm", make: () => vm.runInNewContext("new Date()"), rule: /a Date/ },
  { what: "NaN", make: () => Number.NaN, rule: /finite/ },
  { what: "Infinity", make: () => Number.POSITIVE_INFINITY, rule: /finite/ },
  { what: "a function", make: () => () => 1, rule: /a function/ },
  { what: "a class", make: () => Money, rule: /a function/ },
  { what: "a symbol", make: () => Symbol("secret"), rule: /a symbol/ },
  { what: "a class instance", make: () => new Money(), rule: /plain value, not a Money/ },
  { what: "a Map", make: () => new Map([["a", 1]]), rule: /a Map/ },
  { what: "an Error", make: () => new Error("secret"), rule: /an? Error/ },
  { what: "a RegExp", make: () => /secret/, rule: /a RegExp/ },
  { what: "a boxed text", make: () => new String("secret"), rule: /a String/ },
  { what: "an ArrayBuffer", make: () => new ArrayBuffer(8), rule: /an? ArrayBuffer/ },
  { what: "a Float64Array", make: () => new Float64Array(2), rule: /a Float64Array/ },
  { what: "a cycle", make: cycle, rule: /contain itself/ },
  { what: "undefined in a list", make: () => [1, undefined], rule: /undefined/ },
  { what: "a hole in a list", make: () => Array.from({ length: 3 }).fill(1, 1), rule: /undefined/ },
  { what: "a lone surrogate", make: () => "secret\ud800", rule: /lone surrogate/ },
  { what: "a name with a lone surrogate", make: () => ({ "\udfff": 1 }), rule: /lone surrogate/ },
  { what: "an empty name", make: () => ({ "": 1 }), rule: /empty name/ },
  { what: "__proto__", make: () => JSON.parse('{"__proto__": {"admin": true}}'), rule: /name/ },
  { what: "33 levels", make: () => nested(33), rule: /32 levels/ },
  { what: "10,000 levels", make: () => nested(10_000), rule: /32 levels/ },
  { what: "an empty set", make: () => new Set(), rule: /not empty/ },
  { what: "a mixed set", make: () => new Set([1, "secret"]), rule: /set of strings/ },
  { what: "a set of lists", make: () => new Set([["secret"]]), rule: /set of strings/ },
  {
    what: "a set with undefined",
    make: () => new Set(["secret", undefined]),
    rule: /set|undefined/,
  },
  { what: "a set with NaN", make: () => new Set([1, Number.NaN]), rule: /finite/ },
  { what: "a set with a member twice", make: () => new Set([1, 1n]), rule: /twice/ },
  {
    what: "a set with equal bytes",
    make: () => new Set([new Uint8Array([1]), new Uint8Array([1])]),
    rule: /twice/,
  },
  { what: "2^53", make: () => 2 ** 53, rule: /bigint/ },
  { what: "1e300", make: () => -1e300, rule: /bigint/ },
  { what: "1e-131", make: () => 1e-131, rule: /1E-130/ },
  { what: "the smallest number", make: () => -5e-324, rule: /1E-130/ },
  { what: "39 digits", make: () => 10n ** 38n + 1n, rule: /38 significant digits/ },
  { what: "39 digits below 0", make: () => -(10n ** 38n) - 1n, rule: /38 significant digits/ },
  {
    what: "a getter that throws",
    make: () => Object.defineProperty({}, "x", { enumerable: true, get: fail }),
    rule: /cannot be read/,
  },
  {
    what: "a proxy that throws",
    make: () => new Proxy({}, { ownKeys: fail }),
    rule: /cannot be read/,
  },
  { what: "a revoked proxy", make: revoked, rule: /cannot be read/ },
  {
    what: "what only says that it is bytes",
    make: () => ({ [Symbol.toStringTag]: "Uint8Array", x: () => 1 }),
    rule: /function/,
  },
];

function fail(): never {
  throw new Error("secret");
}

function revoked(): unknown {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}

/** A way from the payload to a place in it, among values that are well. */
const place = fc.array(
  fc.oneof(
    fc.record({ name: fieldName, beside: fc.dictionary(fieldName, leaf, { maxKeys: 2 }) }),
    fc.record({
      before: fc.array(leaf, { maxLength: 2 }),
      after: fc.array(leaf, { maxLength: 2 }),
    }),
  ),
  { maxLength: 5 },
);

function planted(bad: unknown, steps: readonly object[]): { value: unknown; path: PropertyKey[] } {
  let tree = bad;
  const path: PropertyKey[] = [];
  for (const step of steps) {
    if ("name" in step) {
      const { name, beside } = step as { name: string; beside: object };
      tree = { ...beside, [name]: tree };
      path.unshift(name);
    } else {
      const { before, after } = step as { before: unknown[]; after: unknown[] };
      tree = [...before, tree, ...after];
      path.unshift(before.length);
    }
  }
  return { value: tree, path };
}

// fast-check asks each value for a method, which a proxy that throws does not survive.
const printable = unstorable.filter(({ what }) => !what.includes("proxy"));

/** Anything a caller may give: mostly well, at the edges, or not. */
const anything = fc.oneof(
  { weight: 4, arbitrary: value },
  { weight: 1, arbitrary: fc.double() },
  { weight: 1, arbitrary: fc.bigInt({ min: -(10n ** 39n), max: 10n ** 39n }) },
  { weight: 1, arbitrary: fc.string({ unit: "binary-ascii" }) },
  { weight: 1, arbitrary: fc.array(fc.oneof(fc.double(), fc.bigInt())).map((all) => new Set(all)) },
  { weight: 1, arbitrary: fc.array(fc.uint8Array({ maxLength: 1 })).map((all) => new Set(all)) },
  { weight: 1, arbitrary: fc.integer({ min: 26, max: 34 }).map(nested) },
  { weight: 1, arbitrary: fc.anything({ withBigInt: true, withDate: true, withSet: true }) },
  { weight: 1, arbitrary: fc.constantFrom(...printable).map(({ make }) => make()) },
);

describe.each(engines)("on $name", (engine) => {
  const table = openTable(engine);
  let ids = 0;
  const key = () => {
    ids += 1;
    return { userId: "u1", projectId: `p${ids}` };
  };

  test.each(unstorable)("$what is refused wherever it is, and its place is named", async (bad) => {
    const { project } = table.data;
    const there = key();
    await project.put({ ...there, data: { name: "n" } });
    table.data.wire.clear();
    await fc.assert(
      fc.asyncProperty(place, async (steps) => {
        const { value: tree, path } = planted(bad.make(), steps);
        const at = pathText(["data", "field", ...path]);
        const data = { name: "n", field: tree };
        const calls = [
          { path: at, call: () => project.create({ ...key(), data }) },
          { path: at, call: () => project.put({ ...there, data }) },
          { path: at, call: () => project.update(there, { field: tree } as object) },
          {
            path: at.replace("data", "data.name"),
            call: () => project.update(there, {}, { set: [[["name", "field"], tree]] }),
          },
          {
            path: `items[1].${at}`,
            call: () =>
              project.batchPut([
                { ...there, data: { name: "n" } },
                { ...there, data },
              ]),
          },
        ];
        for (const { path: wanted, call } of calls) {
          const error = await failureOf(call(), ValidationError);
          expect(error.issues).toContainEqual({
            path: expect.stringContaining(wanted),
            message: expect.stringMatching(bad.rule),
          });
          expect(error.message).not.toContain("secret");
        }
        expect(table.data.wire.requests).toEqual([]);
      }),
      tries(4),
    );
  });

  test("what the check passes is stored and comes back; what it does not is never sent", async () => {
    await fc.assert(
      fc.asyncProperty(payload, anything, async (fields, odd) => {
        const { project, wire } = table.data;
        const input = { ...key(), data: { name: "n", ...fields, odd } };
        const issues = project.check(input);
        wire.clear();
        if (issues.length === 0) {
          const { userId, projectId } = await project.put(input);
          const item = await project.get({ userId, projectId });
          expect(item?.data).toEqual(
            withoutMinusZero({
              id: projectId,
              ...(odd === undefined ? {} : { odd }),
              ...input.data,
            }),
          );
        } else {
          const error = await failureOf(project.put(input), ValidationError);
          expect(error.issues).toEqual(issues);
          expect(wire.requests).toEqual([]);
        }
      }),
      tries(40),
    );
  });
});

/** DynamoDB knows one 0, and small bigints come back as numbers. */
function withoutMinusZero(given: unknown): unknown {
  if (typeof given === "number") return given === 0 ? 0 : given;
  if (typeof given === "bigint") return Number.isSafeInteger(Number(given)) ? Number(given) : given;
  if (Array.isArray(given)) return given.map(withoutMinusZero);
  if (given instanceof Set) return new Set([...given].map(withoutMinusZero));
  if (typeof given !== "object" || given === null || given instanceof Uint8Array) return given;
  return Object.fromEntries(
    Object.entries(given).map(([name, member]) => [name, withoutMinusZero(member)]),
  );
}
