/** Conditions mean what they say: queries and conditional updates agree with a reference evaluator. */
import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import type { Operators, PathTo } from "../../src/conditions/conditions.js";
import { ConditionalCheckFailedError } from "../../src/errors/conditional-check-failed-error.js";
import { engines } from "../engines.js";
import { openTable } from "../open.js";
import { tries } from "./arbitraries.js";

type Payload = Record<string, unknown>;
type Segments = readonly [string, ...(string | number)[]];

/** A condition: how it is written, and whether it holds for a payload. */
interface Case {
  write(operators: Operators, data: Payload): string;
  holds(payload: Payload): boolean;
  /** How it reads in a counterexample. */
  readonly text: string;
}

// Names that attributes of the table, placeholders, list positions and reserved words are spelt like.
const names = ["status", "a.b", "2024", "PK", "#0", "createdOn", "constructor"] as const;
const name = fc.constantFrom(...names);

// Few values, so that conditions often hold. dynalite 4.0.0 compares texts in UTF-16 order, which
// differs beyond the BMP, never finds a map or a list equal, and takes what is empty for nothing.
const scalar = fc.oneof(
  fc.constantFrom<unknown>("a", "ab", "b", "é", "\uffff", "2", "10"),
  fc.constantFrom<unknown>(-1.5, 0, 2, 10, 2n ** 60n, -(2n ** 60n), 1e-10),
  fc.constantFrom<unknown>(true, false, null),
  fc.constantFrom<unknown>(new Uint8Array([1]), new Uint8Array([1, 2])),
);
const container = fc.oneof(
  fc.constantFrom<unknown>(new Set(["a", "b"]), new Set([2, 10]), new Set([new Uint8Array([1])])),
  fc.array(scalar, { maxLength: 3 }),
  fc.dictionary(name, scalar, { maxKeys: 2, noNullPrototype: true }),
);
const payload: fc.Arbitrary<Payload> = fc.dictionary(name, fc.oneof(scalar, scalar, container), {
  maxKeys: 5,
  noNullPrototype: true,
});

const path: fc.Arbitrary<Segments> = fc.oneof(
  { weight: 3, arbitrary: name.map((field): Segments => [field]) },
  { weight: 1, arbitrary: fc.tuple(name, name).map((segments): Segments => segments) },
  {
    weight: 1,
    arbitrary: fc.tuple(name, fc.constantFrom(0, 1)).map((segments): Segments => segments),
  },
);

function at(data: Payload, segments: Segments): unknown {
  let found: unknown = data;
  for (const segment of segments) {
    const isList = typeof segment === "number";
    if (Array.isArray(found) !== isList || !isContainer(found)) return undefined;
    found = Object.hasOwn(found, segment) ? (found as Payload)[segment] : undefined;
  }
  return found;
}

function isContainer(given: unknown): given is object {
  return Array.isArray(given) || typeOf(given) === "M";
}

function typeOf(given: unknown): string {
  if (given === null) return "NULL";
  if (Array.isArray(given)) return "L";
  if (given instanceof Uint8Array) return "B";
  if (given instanceof Set) return `${typeOf([...given][0])}S`;
  const types: Record<string, string> = {
    string: "S",
    number: "N",
    bigint: "N",
    boolean: "BOOL",
    object: "M",
  };
  return types[typeof given] ?? "";
}

/** DynamoDB's order of two values of one type; `undefined` for values that have none. */
function order(one: unknown, other: unknown): number | undefined {
  const type = typeOf(one);
  if (type !== typeOf(other)) return undefined;
  if (type === "N") return one === other ? 0 : (one as number) < (other as number) ? -1 : 1;
  if (type === "S") return Buffer.compare(Buffer.from(one as string), Buffer.from(other as string));
  if (type === "B") return Buffer.compare(one as Uint8Array, other as Uint8Array);
  return undefined;
}

function contains(whole: unknown, part: unknown): boolean {
  if (typeof whole === "string") return typeof part === "string" && whole.includes(part);
  if (whole instanceof Uint8Array) {
    return part instanceof Uint8Array && Buffer.from(whole).includes(Buffer.from(part));
  }
  const members = whole instanceof Set || Array.isArray(whole) ? [...whole] : [];
  return members.some((member) => isDeepStrictEqual(member, part));
}

function sizeOf(given: unknown): number | undefined {
  if (typeof given === "string") return given.length;
  if (given instanceof Uint8Array || Array.isArray(given)) return given.length;
  if (given instanceof Set) return given.size;
  return typeOf(given) === "M" ? Object.keys(given as object).length : undefined;
}

type Comparison = "eq" | "ne" | "gt" | "gte" | "lt" | "lte";

function compares(operator: Comparison, one: unknown, other: unknown): boolean {
  const equal = one !== undefined && other !== undefined && isDeepStrictEqual(one, other);
  if (operator === "eq") return equal;
  if (operator === "ne") return !equal;
  const sign = one === undefined || other === undefined ? undefined : order(one, other);
  if (sign === undefined) return false;
  return { gt: sign > 0, gte: sign >= 0, lt: sign < 0, lte: sign <= 0 }[operator];
}

/** A path as callers write it: by fields of the proxy, or by `path` where it has a position. */
function written(operators: Operators, data: Payload, segments: Segments): PathTo<unknown> {
  if (segments.some((segment) => typeof segment === "number")) return operators.path(...segments);
  let found: unknown = data;
  for (const segment of segments) found = (found as Payload)[segment];
  return found as PathTo<unknown>;
}

const show = (given: unknown) => fc.stringify(given);

// DynamoDB takes only texts, numbers and bytes for an order.
const ordered = scalar.filter((given) => ["S", "N", "B"].includes(typeOf(given)));

const comparison: fc.Arbitrary<Case> = fc
  .tuple(fc.constantFrom<Comparison>("eq", "ne", "gt", "gte", "lt", "lte"), path, scalar, ordered)
  .map(([operator, segments, any, comparable]) => {
    const value = operator === "eq" || operator === "ne" ? any : comparable;
    return {
      text: `${operator}(${show(segments)}, ${show(value)})`,
      write: (operators, data) => operators[operator](written(operators, data, segments), value),
      holds: (data) => compares(operator, at(data, segments), value),
    };
  });

// Of scalars only: dynalite orders lists, and says of two fields that are missing that they are equal.
const pathComparison: fc.Arbitrary<Case> = fc
  .tuple(fc.constantFrom<Comparison>("eq", "ne", "gt", "gte", "lt", "lte"), path, path)
  .filter(([, one, other]) => !isDeepStrictEqual(one, other))
  .map(([operator, one, other]) => ({
    text: `scalar(${show(one)}) AND ${operator}(${show(one)}, ${show(other)})`,
    write: (operators, data) => {
      const first = written(operators, data, one);
      const { type } = operators;
      const compared = operators[operator](first, written(operators, data, other));
      return `((${type(first, "S")} OR ${type(first, "N")} OR ${type(first, "B")}) AND ${compared})`;
    },
    holds: (data) =>
      ["S", "N", "B"].includes(typeOf(at(data, one))) &&
      compares(operator, at(data, one), at(data, other)),
  }));

const between: fc.Arbitrary<Case> = fc
  .tuple(path, ordered, ordered)
  .filter(([, low, high]) => (order(low, high) ?? 1) <= 0)
  .map(([segments, low, high]) => ({
    text: `between(${show(segments)}, ${show(low)}, ${show(high)})`,
    write: (operators, data) => operators.between(written(operators, data, segments), low, high),
    holds: (data) =>
      compares("gte", at(data, segments), low) && compares("lte", at(data, segments), high),
  }));

const listed: fc.Arbitrary<Case> = fc
  .tuple(path, fc.array(scalar, { minLength: 1, maxLength: 4 }))
  .map(([segments, values]) => ({
    text: `in(${show(segments)}, ${show(values)})`,
    write: (operators, data) => operators.in(written(operators, data, segments), values),
    holds: (data) => values.some((value) => compares("eq", at(data, segments), value)),
  }));

const text = fc.constantFrom("", "a", "b", "1", "é");

const textual: fc.Arbitrary<Case> = fc.tuple(path, text).map(([segments, part]) => ({
  text: `begins(${show(segments)}, ${show(part)})`,
  write: (operators, data) => operators.begins(written(operators, data, segments), part),
  holds: (data) => {
    const found = at(data, segments);
    return typeof found === "string" && found.startsWith(part);
  },
}));

const containing: fc.Arbitrary<Case> = fc
  .tuple(
    fc.boolean(),
    path,
    scalar.filter((part) => part !== null && part !== false),
  )
  .map(([negated, segments, part]) => ({
    text: `${negated ? "notContains" : "contains"}(${show(segments)}, ${show(part)})`,
    write: (operators, data) =>
      operators[negated ? "notContains" : "contains"](written(operators, data, segments), part),
    holds: (data) => contains(at(data, segments), part) !== negated,
  }));

const existing: fc.Arbitrary<Case> = fc.tuple(fc.boolean(), path).map(([negated, segments]) => ({
  text: `${negated ? "notExists" : "exists"}(${show(segments)})`,
  write: (operators, data) =>
    operators[negated ? "notExists" : "exists"](written(operators, data, segments)),
  holds: (data) => (at(data, segments) !== undefined) !== negated,
}));

// Without BOOL: dynalite says that false is none.
const typed: fc.Arbitrary<Case> = fc
  .tuple(path, fc.constantFrom("S", "N", "NULL", "L", "M", "B", "SS", "NS", "BS"))
  .map(([segments, type]) => ({
    text: `type(${show(segments)}, ${type})`,
    write: (operators, data) => operators.type(written(operators, data, segments), type as "S"),
    holds: (data) => typeOf(at(data, segments)) === type,
  }));

// Of texts of one byte a character: some engines count bytes, others characters.
const wide = ["é", "\uffff"];
const sized: fc.Arbitrary<Case> = fc
  .tuple(fc.constantFrom<Comparison>("eq", "gt", "gte", "lt", "lte"), path, fc.nat({ max: 3 }))
  .map(([operator, segments, size]) => ({
    text: `narrow(${show(segments)}) AND ${operator}(size(${show(segments)}), ${size})`,
    write: (operators, data) => {
      const found = written(operators, data, segments);
      const narrow = wide.map((text) => operators.ne(found, text)).join(" AND ");
      return `(${narrow} AND ${operators[operator](operators.size(found), size)})`;
    },
    holds: (data) => {
      const found = at(data, segments);
      return !wide.includes(found as string) && compares(operator, sizeOf(found), size);
    },
  }));

const one = fc.oneof(
  comparison,
  comparison,
  pathComparison,
  between,
  listed,
  textual,
  containing,
  existing,
  typed,
  sized,
);

const space = fc.constantFrom(" ", "\n", "  ", "\t");

const logic = fc.letrec<{ condition: Case; not: Case; joined: Case; grouped: Case }>((tie) => ({
  condition: fc.oneof({ depthSize: "small" }, one, tie("not"), tie("joined"), tie("grouped")),
  grouped: fc.tuple(tie("condition"), space).map(([inner, gap]) => ({
    ...inner,
    text: `(${inner.text})`,
    write: (operators, data) => `(${gap}${inner.write(operators, data)})`,
  })),
  not: fc.tuple(fc.constantFrom("NOT", "not"), tie("condition")).map(([word, inner]) => ({
    text: `NOT (${inner.text})`,
    write: (operators, data) => `${word} (${inner.write(operators, data)})`,
    holds: (data) => !inner.holds(data),
  })),
  // Without parentheses of its own: AND binds stronger than OR, so the reference reads it so, too.
  joined: fc
    .tuple(fc.array(tie("condition"), { minLength: 2, maxLength: 3 }), fc.boolean(), space)
    .map(([parts, all, gap]) => ({
      text: `[${parts.map((part) => part.text).join(all ? " AND " : " OR ")}]`,
      write: (operators, data) =>
        parts
          .map((part) => `(${part.write(operators, data)})`)
          .join(`${gap}${all ? "AND" : "or"}${gap}`),
      holds: (data) =>
        all ? parts.every((part) => part.holds(data)) : parts.some((part) => part.holds(data)),
    })),
}));

/** `a OR b AND NOT c …` without any parentheses. */
const flat: fc.Arbitrary<Case> = fc
  .array(fc.record({ part: one, negated: fc.boolean(), or: fc.boolean() }), {
    minLength: 2,
    maxLength: 5,
  })
  .map((parts) => ({
    text: parts
      .map(({ part, negated, or }) => `${or ? "OR" : "AND"} ${negated} ${part.text}`)
      .join(),
    write: (operators, data) =>
      parts
        .map(({ part, negated, or }, index) => {
          const word = index === 0 ? "" : or ? " OR " : " AND ";
          return `${word}${negated ? "NOT " : ""}${part.write(operators, data)}`;
        })
        .join(""),
    holds: (data) => {
      const groups: boolean[][] = [[]];
      for (const [index, { part, negated, or }] of parts.entries()) {
        if (or && index > 0) groups.push([]);
        groups.at(-1)?.push(part.holds(data) !== negated);
      }
      return groups.some((group) => group.every(Boolean));
    },
  }));

const condition = fc.oneof(logic.condition, flat);

/** Fields to equal: null is null or missing. */
const equals = fc.dictionary(name, fc.oneof(scalar, fc.constant("")), {
  maxKeys: 3,
  noNullPrototype: true,
});

describe.each(engines)("on $name", (engine) => {
  const table = openTable(engine);
  let users = 0;

  async function stored(payloads: readonly Payload[]) {
    users += 1;
    const userId = `u${users}`;
    await table.data.project.batchPut(
      payloads.map((fields, index) => ({
        ...{ userId, projectId: `p${index}` },
        data: { name: "n", ...fields },
      })),
    );
    return userId;
  }

  const idsOf = (items: readonly { projectId: string }[]) => items.map((item) => item.projectId);

  const payloads = fc.array(payload, { minLength: 1, maxLength: 8 });

  test("a query by a condition finds what a reference evaluator finds", async () => {
    await fc.assert(
      fc.asyncProperty(
        payloads,
        fc.array(condition, { minLength: 1, maxLength: 5 }),
        async (all, some) => {
          const userId = await stored(all);
          for (const { text: shown, write, holds } of some) {
            const where = (data: unknown, operators: Operators) =>
              write(operators, data as Payload);
            const { items } = await table.data.project.query({ userId }, { where });
            const expected = all.flatMap((data, index) => (holds(data) ? [`p${index}`] : []));
            expect([shown, idsOf(items)]).toEqual([shown, expected]);
          }
        },
      ),
      tries(20),
    );
  });

  test("a query by fields to equal finds them; null finds null and missing", async () => {
    await fc.assert(
      fc.asyncProperty(
        payloads,
        fc.array(equals, { minLength: 1, maxLength: 4 }),
        async (all, some) => {
          const userId = await stored(all);
          for (const where of some) {
            const { items } = await table.data.project.query({ userId }, { where });
            const matches = (data: Payload) =>
              Object.entries(where).every(([field, value]) =>
                isDeepStrictEqual(at(data, [field]) ?? (value === null ? null : undefined), value),
              );
            const expected = all.flatMap((data, index) => (matches(data) ? [`p${index}`] : []));
            expect(idsOf(items)).toEqual(expected);
          }
        },
      ),
      tries(20),
    );
  });

  test("an update under a condition is made where it holds, and refused where it does not", async () => {
    await fc.assert(
      fc.asyncProperty(payload, condition, async (data, { write, holds }) => {
        const key = { userId: await stored([data]), projectId: "p0" };
        const where = (paths: unknown, operators: Operators) => write(operators, paths as Payload);
        const outcome = await table.data.project.update(key, { name: "changed" }, { where }).then(
          (item) => item.data.name,
          (error: unknown) => error,
        );
        if (holds(data)) expect(outcome).toBe("changed");
        else expect(outcome).toBeInstanceOf(ConditionalCheckFailedError);
      }),
      tries(20),
    );
  });
});
