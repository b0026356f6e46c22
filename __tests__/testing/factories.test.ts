/** Factories of own entities: what they make is what the stores take, whatever the schema asks. */
import fc from "fast-check";
import { z } from "zod";
import { z as z3 } from "zod/v3";
import {
  byKey,
  ConfigurationError,
  configure,
  data as dataOf,
  Entity,
  type EntityConfig,
  keyPart,
  model,
  type StandardSchema,
  times,
  ValidationError,
} from "../../src/index.js";
import { createTestDataLayer, factories } from "../../src/testing/index.js";
import { engines } from "../engines.js";
import { expiringEntities } from "../expiring-entities.js";
import { ownEntities } from "../own-entities.js";
import { tries } from "../properties/arbitraries.js";

/** Of Valibot, what is called here: its types are compiled in consumers-npm.test.ts. */
type Valibot = Readonly<Record<string, (...given: unknown[]) => StandardSchema>>;
const v = jest.requireActual<Valibot>("valibot");
const call = (name: string, ...given: unknown[]) => (v[name] as Valibot[string])(...given);

const make = factories(ownEntities);

describe.each(engines)("on $name", ({ engine }) => {
  test("every entity's item is stored as it is made, and each has an id of its own", async () => {
    await using data = await createTestDataLayer({ engine, entities: ownEntities });
    const stores = data as unknown as Record<
      string,
      { put(item: object): Promise<object>; get(key: object): Promise<object> }
    >;
    for (const [name, one] of Object.entries(make)) {
      const made = [one(), one()] as const;
      expect(made[0]).not.toEqual(made[1]);
      for (const item of made) {
        await stores[name]?.put(item);
        const { data: _, ...key } = item as { data: object };
        expect(await stores[name]?.get(key)).toMatchObject(item);
      }
    }
    // The types of what a factory makes and of what a store takes are the same.
    await data.auditLog.put(make.auditLog({ createdAt: 5 }));
    await data.attempt.put(make.attempt({ number: 7, data: { points: 3 } }));
    await data.lead.create(make.lead());
  });
});

test("items of an entity that expires are made to last", async () => {
  const of = factories(expiringEntities, { optional: true });
  await using data = await createTestDataLayer({ entities: expiringEntities });
  const until = Date.UTC(2100, 0, 1);
  expect((await data.offer.put(of.offer())).data.until).toBe(until);
  expect((await data.invite.put(factories(expiringEntities).invite())).data.until).toBe(until);
  expect(of.offer({ data: { until: 5 } }).data.until).toBe(5);
});

test("overrides are taken as they are, and unknown ones refused", () => {
  const lead = make.lead({ userId: "ada", createdAt: 7, data: { status: "won" } });
  expect(lead).toEqual({
    userId: "ada",
    leadId: expect.stringMatching(/^lead-\d+$/),
    createdAt: 7,
    data: { name: expect.stringMatching(/^name \d+$/), status: "won", score: 1 },
  });
  // @ts-expect-error no part of the key
  expect(() => make.lead({ leadid: "x" })).toThrow("leadid");
  // @ts-expect-error a number is expected
  expect(() => make.lead({ data: { score: "high" } })).toThrow(
    "make.lead Lead: data.score must be a number",
  );
  expect(() => factories({ lead: {} } as never)).toThrow(ConfigurationError);
  expect(() => factories(ownEntities, { optionals: true } as never)).toThrow("optionals");
});

/** An entity with this payload. */
function noteOf<P extends z.ZodObject>(payload: P) {
  const schema = () => ({
    model: model("Note"),
    attributes: { userId: keyPart, noteId: keyPart, data: dataOf(payload), ...times },
    indexes: { byKey: byKey("USER#${userId}", "NOTE#${noteId}") },
  });
  const entity = (config: EntityConfig) => new Entity(schema(), configure(config));
  return { payload, schema, entity };
}

test("fields that may be left out are made if they are asked for", () => {
  const note = noteOf(
    z.looseObject({ text: z.string(), tag: z.enum(["a", "b"]).optional(), at: z.iso.datetime() }),
  );
  expect(factories({ note }).note().data).toEqual({
    text: expect.any(String),
    at: "2025-03-01T12:00:00.000Z",
  });
  expect(factories({ note }, { optional: true }).note().data).toMatchObject({ tag: "a" });
});

test("what a schema's own rules ask must be given, and is named if it is not", () => {
  const note = noteOf(
    z.looseObject({
      code: z.string().regex(/^[A-Z]{3}$/),
      even: z.number().refine((n) => n % 2 === 0),
    }),
  );
  const make = factories({ note });
  expect(() => make.note()).toThrow(ValidationError);
  expect(() => make.note()).toThrow(/make\.note Note: data\.code .*: give data\.code.*data\.even/);
  expect(() => make.note({ data: { code: "abc", even: 2 } })).not.toThrow("give");
  expect(make.note({ data: { code: "ABC", even: 2 } }).data).toEqual({ code: "ABC", even: 2 });
});

test("a schema that contains itself ends", () => {
  interface Tree {
    readonly name: string;
    readonly children?: readonly Tree[] | undefined;
  }
  const tree: z.ZodType<Tree> = z.lazy(() =>
    z.looseObject({ name: z.string(), children: z.array(tree).optional() }),
  );
  const note = noteOf(z.looseObject({ tree }));
  expect(factories({ note }, { optional: true }).note().data.tree).toMatchObject({
    children: [{ children: [{}] }],
  });
  // Not even where no list ends it.
  interface Link {
    readonly name: string;
    readonly next?: Link | undefined;
  }
  const link: z.ZodType<Link> = z.lazy(() =>
    z.looseObject({ name: z.string(), next: link.optional() }),
  );
  const chained = noteOf(z.looseObject({ link }));
  let made: Link | undefined = factories({ note: chained }, { optional: true }).note().data.link;
  let links = 0;
  for (; made !== undefined; made = made.next) links += 1;
  expect(links).toBe(8);
});

/** Schemas of payloads as applications write them. */
const leaf: fc.Arbitrary<z.ZodType> = fc.oneof(
  fc.constantFrom(
    z.string(),
    z.email(),
    z.url(),
    z.uuid(),
    z.iso.date(),
    z.iso.datetime(),
    z.number(),
    z.int(),
    z.boolean(),
    z.null(),
    z.unknown(),
    z.enum(["new", "won"]),
    z.literal(5),
    z.bigint(),
    z
      .bigint()
      .min(5n)
      .max(2n ** 60n),
    z.bigint().gt(2n ** 60n),
    z.bigint().lt(-(2n ** 60n)),
    z.bigint().positive().multipleOf(7n),
    z.int64(),
    z.literal(2n ** 60n),
    z.set(z.string()),
    z.set(z.number()).min(3),
    z.set(z.int()).size(2),
    z.record(z.enum(["p", "q"]), z.number()),
    z.ulid(),
    z.nanoid(),
    z.cuid(),
    z.cuid2(),
    z.xid(),
    z.ksuid(),
    z.uuidv4(),
    z.uuidv6(),
    z.uuidv7(),
    z.guid(),
    z.e164(),
    z.jwt(),
    z.base64(),
    z.base64url(),
    z.hex(),
    z.hash("sha256"),
    z.hash("md5"),
    z.hostname(),
    z.emoji(),
    z.mac(),
    z.ipv6(),
    z.cidrv4(),
    z.cidrv6(),
    z.iso.time(),
    z.iso.duration(),
    z.iso.datetime({ precision: 0 }),
    z.iso.datetime({ offset: true }),
    z.iso.datetime({ local: true }),
    z.string().lowercase(),
    z.string().uppercase(),
    z.string().startsWith("x-").endsWith("!"),
    z.string().includes(" of ").min(30),
    z.httpUrl(),
    z.number().positive(),
    z.number().negative(),
    z.number().multipleOf(5).min(7),
    z.number().gt(0).lt(1),
    z.number().positive().max(0.5),
    z.number().lt(-3),
    z.string().nullish(),
    z.union([z.string(), z.number()]),
    z.record(z.string(), z.number()),
    z.tuple([z.string(), z.number()]),
    z.discriminatedUnion("kind", [
      z.looseObject({ kind: z.literal("a"), a: z.string() }),
      z.looseObject({ kind: z.literal("b"), b: z.number() }),
    ]),
    z.looseObject({ a: z.string() }).and(z.looseObject({ b: z.number() })),
  ),
  fc.tuple(fc.nat(40), fc.nat(40)).map(([one, other]) =>
    z
      .string()
      .min(Math.min(one, other))
      .max(Math.max(one, other) + 1),
  ),
  fc.tuple(fc.integer({ min: -50, max: 50 }), fc.nat(50)).map(([least, more]) =>
    z
      .number()
      .min(least)
      .max(least + more),
  ),
);
const { type } = fc.letrec<{ type: z.ZodType }>((tie) => ({
  type: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    leaf,
    tie("type").map((one) => one.optional()),
    fc.tuple(tie("type"), fc.nat(3)).map(([one, least]) => z.array(one).min(least)),
    fc
      .dictionary(fc.constantFrom("a", "b", "c"), tie("type"))
      .map((fields) => z.looseObject(fields)),
  ),
}));

test("what is made of a schema is valid", () => {
  fc.assert(
    fc.property(
      fc.dictionary(fc.constantFrom("one", "two", "three"), type),
      fc.boolean(),
      (fields, optional) => {
        const payload = z.looseObject(fields);
        const { data } = factories({ note: noteOf(payload) }, { optional }).note();
        expect(payload.safeParse(data).error).toBeUndefined();
      },
    ),
    tries(300),
  );
});

describe.each<[string, StandardSchema]>([
  [
    "zod 3",
    z3
      .object({
        name: z3.string().min(2),
        email: z3.string().email(),
        site: z3.string().url(),
        id: z3.string().uuid(),
        day: z3.string().date(),
        status: z3.enum(["new", "won"]),
        kind: z3.literal("lead"),
        score: z3.number().int().positive(),
        share: z3.number().gt(0).lt(1),
        big: z3.bigint(),
        tags: z3.array(z3.string()).min(1),
        marks: z3.set(z3.string()),
        address: z3.object({ street: z3.string(), zip: z3.string().optional() }),
        note: z3.string().optional(),
        none: z3.null(),
      })
      .passthrough(),
  ],
  [
    "Valibot",
    call("looseObject", {
      name: call("pipe", call("string"), call("minLength", 2)),
      email: call("pipe", call("string"), call("email")),
      site: call("pipe", call("string"), call("url")),
      id: call("pipe", call("string"), call("uuid")),
      day: call("pipe", call("string"), call("isoDate")),
      status: call("picklist", ["new", "won"]),
      kind: call("literal", "lead"),
      score: call("pipe", call("number"), call("integer")),
      share: call("pipe", call("number"), call("minValue", 0), call("maxValue", 0.9)),
      big: call("bigint"),
      tags: call("pipe", call("array", call("string")), call("minLength", 1)),
      marks: call("set", call("string")),
      address: call("object", {
        street: call("string"),
        zip: call("optional", call("string")),
      }),
      note: call("optional", call("string")),
      none: call("null"),
    }),
  ],
])("a payload of %s", (_, payload) => {
  const schema = () => ({
    model: model("Foreign"),
    attributes: { userId: keyPart, foreignId: keyPart, data: dataOf(payload), ...times },
    indexes: { byKey: byKey("USER#${userId}", "FOREIGN#${foreignId}") },
  });
  const entity = (config: EntityConfig) => new Entity(schema(), configure(config));
  const foreign = { payload, schema, entity };

  test("is made by values that its fields take", () => {
    const { data } = factories({ foreign }).foreign() as { data: Record<string, unknown> };
    expect(Object.keys(data)).toEqual([
      ...["name", "email", "site", "id", "day", "status", "kind", "score", "share", "big", "tags"],
      ...["marks", "address", "none"],
    ]);
    expect(data).toMatchObject({
      status: "new",
      kind: "lead",
      address: { street: expect.stringMatching(/^street \d+$/) },
    });
    const all = factories({ foreign }, { optional: true }).foreign() as typeof data & {
      data: Record<string, unknown>;
    };
    expect(all.data).toMatchObject({
      note: expect.any(String),
      address: { zip: expect.stringMatching(/^zip \d+$/) },
    });
  });
});

test("a field of another library's schema that takes no tried value is named", () => {
  const payload = z3.object({ code: z3.string().regex(/^[A-Z]{3}$/), name: z3.string() });
  const schema = () => ({
    model: model("Coded"),
    attributes: { userId: keyPart, codedId: keyPart, data: dataOf(payload), ...times },
    indexes: { byKey: byKey("USER#${userId}", "CODED#${codedId}") },
  });
  const entity = (config: EntityConfig) => new Entity(schema(), configure(config));
  const make = factories({ coded: { payload, schema, entity } });
  expect(() => make.coded()).toThrow("make.coded Coded: data.code is missing: give data.code");
  expect(make.coded({ data: { code: "ABC" } }).data).toEqual({
    code: "ABC",
    name: expect.stringMatching(/^name \d+$/),
  });
});
