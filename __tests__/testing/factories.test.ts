/** Factories of own entities: what they make is what the stores take, whatever the schema asks. */
import fc from "fast-check";
import { z } from "zod";
import {
  byKey,
  ConfigurationError,
  configure,
  data as dataOf,
  Entity,
  type EntityConfig,
  keyPart,
  model,
  times,
  ValidationError,
} from "../../src/index.js";
import { createTestDataLayer, factories } from "../../src/testing/index.js";
import { engines } from "../engines.js";
import { expiringEntities } from "../expiring-entities.js";
import { ownEntities } from "../own-entities.js";
import { tries } from "../properties/arbitraries.js";

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
