/**
 * Junk for the fuzz tests. A generated value is a recipe, plain and printable, of which `made` makes
 * the value: fast-check asks each value that it prints for its methods, which a proxy that throws
 * does not survive.
 */
import vm from "node:vm";
import fc from "fast-check";
import { anyText } from "../any-text.js";

/** What nothing that is printed may hold: it is in payloads, conditions and tokens. */
export const canary = "canary-3b1f";

type Raw = Record<PropertyKey, unknown>;

class Money {
  readonly cents = canary;
}

function nested(levels: number, kind: "list" | "map"): unknown {
  let tree: unknown = canary;
  for (let level = 0; level < levels; level += 1) tree = kind === "list" ? [tree] : { a: tree };
  return tree;
}

function cycle(): unknown {
  const round: Raw = { note: canary };
  round.again = [round];
  return round;
}

const thrownSoFar = new Set<unknown>();

/** Whether one of the junk's own functions, getters or traps threw it. */
export function isOfCaller(thrown: unknown): boolean {
  return thrownSoFar.has(thrown);
}

function thrower(thrown: unknown): () => never {
  return () => {
    thrownSoFar.add(thrown);
    throw thrown;
  };
}

/** What an `await` would make something else of. */
function thenable(call: unknown): object {
  const name = "then";
  return { [name]: call };
}

/** A proxy of which every trap throws. */
function everyTrapThrows(target: object, thrown: unknown): object {
  const traps = Reflect.ownKeys(Reflect).filter((name) => typeof name === "string");
  return new Proxy(target, Object.fromEntries(traps.map((trap) => [trap, thrower(thrown)])));
}

function revoked(target: object): unknown {
  const { proxy, revoke } = Proxy.revocable(target, {});
  revoke();
  return proxy;
}

const frozenError = Object.freeze(new Error("a frozen error"));

/** What a getter or a trap may throw. */
const throwables: (() => unknown)[] = [
  () => new Error("thrown by the caller"),
  () => frozenError,
  () => undefined,
  () => null,
  () => "a text",
  () => Symbol("thrown"),
  () => everyTrapThrows({}, undefined),
  () => Object.assign(new Error("slow"), { name: "ThrottlingException" }),
];

/** Values that no call of the package has a use for, or that are at an edge of what it takes. */
const values: Readonly<Record<string, () => unknown>> = {
  undefined: () => undefined,
  null: () => null,
  true: () => true,
  zero: () => 0,
  "minus zero": () => -0,
  one: () => 1,
  NaN: () => Number.NaN,
  infinity: () => Number.POSITIVE_INFINITY,
  "the smallest number": () => 5e-324,
  "the largest number": () => Number.MAX_VALUE,
  fraction: () => 0.5,
  bigint: () => 5n,
  "huge bigint": () => 10n ** 400n,
  symbol: () => Symbol("junk"),
  "registered symbol": () => Symbol.iterator,
  "empty text": () => "",
  text: () => "junk",
  NUL: () => "a\u0000b",
  "lone surrogate": () => "a\ud800b",
  "a text of 5 MB": () => "x".repeat(5_000_000),
  "a text of wide letters": () => "🏡".repeat(200_000),
  "an expression": () => "#0 = :0 OR attribute_exists(PK)",
  __proto__: () => "__proto__",
  "a function": () => () => canary,
  "an async function": () => async () => canary,
  "a function that throws": () => thrower(new Error("thrown by the caller")),
  "a function that throws nothing": () => thrower(undefined),
  "a generator": () =>
    (function* () {
      yield canary;
    })(),
  "a class": () => Money,
  "an instance": () => new Money(),
  "a Date": () => new Date(0),
  "an invalid Date": () => new Date(Number.NaN),
  "a Map": () => new Map([["note", canary]]),
  "a Set": () => new Set([canary]),
  "a set of everything": () => new Set([1, "a", null, {}]),
  "a WeakMap": () => new WeakMap(),
  "a RegExp": () => /x/g,
  "an Error": () => new Error("an error of the caller's"),
  "a Promise": () => Promise.resolve({ userId: "u1" }),
  "a Promise that never ends": () => new Promise(() => {}),
  "a thenable": () => thenable((resolve: (value: unknown) => void) => resolve(canary)),
  "a thenable that throws": () => thenable(thrower(new Error("thrown by the caller"))),
  "an object with toJSON": () => ({ toJSON: () => canary, note: canary }),
  "an object as text": () => ({ toString: () => "u1", [Symbol.toPrimitive]: () => "u1" }),
  "a boxed text": () => new String("u1"),
  "a Buffer": () => Buffer.from(canary),
  "a Float64Array": () => new Float64Array(4),
  "a SharedArrayBuffer": () => new SharedArrayBuffer(8),
  "bytes over a SharedArrayBuffer": () => new Uint8Array(new SharedArrayBuffer(8)),
  "a DataView": () => new DataView(new ArrayBuffer(8)),
  "an empty list": () => [],
  "an empty object": () => ({}),
  "an object without a prototype": () =>
    Object.assign(Object.create(null) as Raw, { note: canary }),
  "an object of another realm": () => vm.runInNewContext(`({ userId: "u1", note: "${canary}" })`),
  globalThis: () => globalThis,
  arguments: () =>
    (function () {
      // biome-ignore lint/complexity/noArguments: it is what is wanted.
      return arguments;
    })(),
  "a sparse list": () => new Array(2 ** 32 - 1),
  "a list of a million": () => new Array(1_000_000).fill(0),
  "a list with a far end": () => Object.assign([canary], { 4000000000: canary }),
  "10,000 lists in each other": () => nested(10_000, "list"),
  "10,000 maps in each other": () => nested(10_000, "map"),
  "a cycle": cycle,
  "a list of itself": () => {
    const list: unknown[] = [];
    list.push(list);
    return list;
  },
  poison: () =>
    JSON.parse(`{"__proto__":{"polluted":"${canary}"},"constructor":{"prototype":{"polluted":1}}}`),
  "poison by its own property": () =>
    Object.defineProperty({}, "__proto__", { value: { polluted: 1 }, enumerable: true }),
  "a prototype": () => Object.prototype,
  "names of Object's": () => ({
    toString: canary,
    hasOwnProperty: null,
    valueOf: 1,
    prototype: {},
  }),
  "a long name": () => ({ ["n".repeat(100_000)]: canary }),
  "many names": () => Object.fromEntries(Array.from({ length: 5_000 }, (_, at) => [`n${at}`, at])),
  "a revoked proxy": () => revoked({}),
  "a revoked list": () => revoked([]),
  "a revoked function": () => revoked(() => 1),
  "a proxy of a list": () => new Proxy([canary], {}),
  "a list that says it is endless": () =>
    new Proxy([canary], {
      get: (own, name) => (name === "length" ? 2 ** 53 : Reflect.get(own, name)),
    }),
  ...Object.fromEntries(
    throwables.flatMap((make, at) => [
      [`a proxy that throws ${at}`, () => everyTrapThrows({}, make())],
      [`a list that throws ${at}`, () => everyTrapThrows([], make())],
      [`a function that traps ${at}`, () => everyTrapThrows(() => 1, make())],
      [
        `a getter that throws ${at}`,
        () =>
          ["userId", "projectId", "data", "where", "signal", "cursor", "note", "limit"].reduce(
            (object, name) =>
              Object.defineProperty(object, name, { enumerable: true, get: thrower(make()) }),
            {},
          ),
      ],
      [`a thing that throws as text ${at}`, () => ({ toString: thrower(make()) })],
    ]),
  ),
};

/** How a value is made. */
export type Recipe =
  | { readonly is: string }
  | { readonly text: string }
  | { readonly number: number }
  | { readonly json: unknown }
  | { readonly fields: readonly (readonly [string, Recipe])[]; readonly as: Disguise }
  | { readonly list: readonly Recipe[]; readonly as: Disguise }
  | { readonly returns: Recipe }
  | { readonly callback: number };

type Operators = Record<string, (...given: unknown[]) => unknown>;

/** Conditions of a caller's, some well, some that try to write into the expression. */
const callbacks: readonly ((data: Record<string, unknown>, op: Operators) => unknown)[] = [
  (data, op) => op.eq?.(data.note, canary),
  (data, op) => `(${op.exists?.(data.note)} OR ${op.ne?.(data.name, canary)})`,
  (data, op) => op.between?.(op.size?.(data.note), 1, 5),
  (data, op) => op.in?.(data.note, [canary, 1, canary]),
  (data, op) => op.in?.(data.note, new Array(2 ** 32 - 1)),
  (_, op) => op.contains?.(op.path?.("a", 0, `b ${canary}`, "#0"), canary),
  (data, op) => op.type?.(data.note, "S"),
  (data, op) => op.type?.(data.note, canary),
  (data, op) => `${op.eq?.(data.note, 1)} OR PK = ${canary}`,
  (data, op) => `${op.eq?.(data.note, 1)} AND #0 = :0`,
  (data, op) => `${op.eq?.(data.note, 1)} AND {7}`,
  (data, op) => op.eq?.(data.note, { ":pk": canary, S: canary }),
  (data, op) => `${"(".repeat(50_000)}${op.eq?.(data.note, 1)}${")".repeat(50_000)}`,
  (data, op) => `${"NOT ".repeat(50_000)}${op.eq?.(data.note, 1)}`,
  (data, op) => Array(2_000).fill(op.eq?.(data.note, 1)).join(" AND "),
  (data, op) => op.eq?.(data[canary], data),
  (_, op) => op.path?.("note"),
  (_, op) => op.exists?.(op.path?.(...(new Array(2 ** 20) as []))),
  () => ({ toString: () => "{0}" }),
  thrower(new Error("thrown by the caller")),
];

export const callback: fc.Arbitrary<Recipe> = fc
  .nat(callbacks.length - 1)
  .map((index) => ({ callback: index }));

/** A function that gives what another recipe makes. */
export const returning = (value: fc.Arbitrary<Recipe>): fc.Arbitrary<Recipe> =>
  value.map((returns) => ({ returns }));

/** What an object or a list is beside its members. */
const disguises = [
  "plain",
  "plain",
  "plain",
  "proxy",
  "getters",
  "changing",
  "inherited",
  "bare",
  "frozen",
] as const;
type Disguise = (typeof disguises)[number];

/** Makes a recipe's value: another one each time. */
export function made(recipe: Recipe): unknown {
  if ("is" in recipe) return values[recipe.is]?.();
  if ("text" in recipe) return recipe.text;
  if ("number" in recipe) return recipe.number;
  if ("json" in recipe) return structuredClone(recipe.json);
  if ("callback" in recipe) return callbacks[recipe.callback];
  if ("returns" in recipe) return () => made(recipe.returns);
  if ("list" in recipe) return disguised(recipe.list.map(made) as unknown as Raw, recipe.as);
  const object: Raw = {};
  for (const [name, value] of recipe.fields) {
    // Its own, whatever its name.
    Object.defineProperty(object, name, {
      value: made(value),
      enumerable: true,
      configurable: true,
      writable: true,
    });
  }
  return disguised(object, recipe.as);
}

function disguised(members: Raw, as: Disguise): unknown {
  switch (as) {
    case "proxy":
      return new Proxy(members, {});
    case "getters":
    case "changing": {
      let reads = 0;
      for (const name of Object.keys(members)) {
        const value = members[name];
        const get = () => {
          reads += 1;
          return as === "changing" && reads % 2 === 0 ? { changed: () => canary } : value;
        };
        Object.defineProperty(members, name, { enumerable: true, configurable: true, get });
      }
      return members;
    }
    case "inherited":
      return Object.create(members);
    case "bare":
      return Array.isArray(members) ? members : Object.setPrototypeOf(members, null);
    case "frozen":
      return Object.freeze(members);
    default:
      return members;
  }
}

const disguise = fc.constantFrom(...disguises);

/** Any junk, alone. */
export const junk: fc.Arbitrary<Recipe> = fc.constantFrom(
  ...Object.keys(values).map((is) => ({ is })),
);

/** The names under which arguments hold what calls look at, and some that they should not. */
const names = [
  ..."userId agentId projectId contentId reportId planId reviewId competitorId auditId".split(" "),
  ..."moduleId analysisId agentProfileId provider data createdAt updatedAt id name type".split(" "),
  ..."where cursor limit order by from to fields consistent signal timeoutMs allowMissing".split(
    " ",
  ),
  ..."set remove ifUpdatedAt exists refresh marginMs leaseMs accessToken refreshToken".split(" "),
  ..."expiryDate title content PK SK GSI1PK EntityType Data constructor prototype".split(" "),
  ..."__proto__ toString valueOf hasOwnProperty then length toJSON 0 1 a.b a[0] #0 :0".split(" "),
];

/** An object with some of these names, and a list of such. */
export const { anything } = fc.letrec<{ anything: Recipe; object: Recipe; list: Recipe }>(
  (tie) => ({
    anything: fc.oneof(
      { depthSize: "small", maxDepth: 3 },
      { weight: 5, arbitrary: junk },
      {
        weight: 2,
        arbitrary: anyText({ maxLength: 8 }).map((text) => ({ text })),
      },
      { weight: 1, arbitrary: fc.double().map((number) => ({ number })) },
      { weight: 3, arbitrary: tie("object") },
      { weight: 2, arbitrary: tie("list") },
      { weight: 1, arbitrary: tie("anything").map((returns) => ({ returns })) },
    ),
    object: fc.record({
      fields: fc.array(
        fc.tuple(fc.oneof(fc.constantFrom(...names), anyText({ maxLength: 6 })), tie("anything")),
        { maxLength: 5 },
      ),
      as: disguise,
    }),
    list: fc.record({ list: fc.array(tie("anything"), { maxLength: 4 }), as: disguise }),
  }),
);

/**
 * An object whose fields are well, most of them: what it takes to get past the first check. What may
 * be left out is, mostly.
 */
export function shape(
  fields: Readonly<Record<string, fc.Arbitrary<Recipe>>>,
  optional: Readonly<Record<string, fc.Arbitrary<Recipe>>> = {},
): fc.Arbitrary<Recipe> {
  const entryOf = (
    [name, value]: [string, fc.Arbitrary<Recipe>],
    { there, missing }: { there: number; missing: number },
  ) => {
    const mostly = fc.oneof({ weight: 25, arbitrary: value }, { weight: 1, arbitrary: anything });
    return fc.oneof(
      { weight: there, arbitrary: mostly.map((recipe) => [name, recipe] as const) },
      { weight: missing, arbitrary: fc.constant(undefined) },
    );
  };
  const given = [
    ...Object.entries(fields).map((entry) => entryOf(entry, { there: 60, missing: 1 })),
    ...Object.entries(optional).map((entry) => entryOf(entry, { there: 1, missing: 7 })),
  ];
  const mostlyPlain = fc.oneof(
    { weight: 5, arbitrary: fc.constant("plain" as const) },
    { weight: 1, arbitrary: disguise },
  );
  const extra = fc.oneof(
    { weight: 9, arbitrary: fc.constant(null) },
    { weight: 1, arbitrary: fc.tuple(fc.constantFrom(...names), anything) },
  );
  return fc.tuple(fc.tuple(...given), mostlyPlain, extra).map(([own, as, beside]) => ({
    fields: [...own, ...(beside === null ? [] : [beside])].filter((one) => one !== undefined),
    as,
  }));
}

/** One of these texts. */
export const textOf = (...texts: string[]): fc.Arbitrary<Recipe> =>
  fc.constantFrom(...texts.map((text) => ({ text })));

export const numberOf = (...numbers: number[]): fc.Arbitrary<Recipe> =>
  fc.constantFrom(...numbers.map((number) => ({ number })));

export const listOf = (element: fc.Arbitrary<Recipe>): fc.Arbitrary<Recipe> =>
  fc.record({
    list: fc.array(element, { minLength: 1, maxLength: 3 }),
    as: fc.oneof(
      { weight: 5, arbitrary: fc.constant("plain" as const) },
      { weight: 1, arbitrary: disguise },
    ),
  });
