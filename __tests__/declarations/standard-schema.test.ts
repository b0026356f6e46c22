/** Payloads by schemas of other libraries than zod 4: what holds for a payload holds for these too. */
import { inspect } from "node:util";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { DynamoDBDocumentClient, GetCommand } from "@aws-sdk/lib-dynamodb";
import { z } from "zod";
import * as mini from "zod/mini";
import { z as z3 } from "zod/v3";
import {
  byKey,
  configure,
  createDataLayer,
  DynamoDBError,
  data as dataOf,
  Entity,
  type EntityConfig,
  fields,
  index,
  keyPart,
  model,
  type StandardSchema,
  times,
  ValidationError,
} from "../../src/index.js";
import { createTestDataLayer } from "../../src/testing/index.js";
import { engines } from "../engines.js";
import { failureOf } from "../open.js";

/** Of Valibot, what is called here: its types are compiled in consumers-npm.test.ts. */
type Valibot = Readonly<Record<string, (...given: unknown[]) => StandardSchema>>;
const v = jest.requireActual<Valibot>("valibot");
const call = (name: string, ...given: unknown[]) => (v[name] as Valibot[string])(...given);

interface LeadData {
  id?: string | undefined;
  name: string;
  status: "new" | "won";
  score?: number | undefined;
  token?: string | undefined;
  address?: { street: string; zip?: string | undefined } | undefined;
  tags?: string[] | undefined;
}

const optional = (schema: unknown) => call("optional", schema);
const text = () => call("string");
const ofValibot = call("looseObject", {
  id: optional(text()),
  name: call("pipe", text(), call("minLength", 2)),
  status: call("picklist", ["new", "won"]),
  score: optional(call("number")),
  token: optional(call("pipe", text(), call("email"))),
  address: optional(call("object", { street: text(), zip: optional(text()) })),
  tags: optional(call("array", text())),
});

const ofZod3 = z3
  .object({
    id: z3.string().optional(),
    name: z3.string().min(2),
    status: z3.enum(["new", "won"]),
    score: z3.number().optional(),
    token: z3.string().email().optional(),
    address: z3.object({ street: z3.string(), zip: z3.string().optional() }).optional(),
    tags: z3.array(z3.string()).optional(),
  })
  .passthrough();

const ofMini = mini.looseObject({
  id: mini.optional(mini.string()),
  name: mini.string().check(mini.minLength(2)),
  status: mini.enum(["new", "won"]),
  score: mini.optional(mini.number()),
  token: mini.optional(mini.email()),
  address: mini.optional(mini.object({ street: mini.string(), zip: mini.optional(mini.string()) })),
  tags: mini.optional(mini.array(mini.string())),
});

/** A schema that tells validation alone, as one of ArkType or one made by hand: a function, too. */
function opaque(schema: StandardSchema): StandardSchema {
  return Object.assign(() => undefined, { "~standard": schema["~standard"] });
}

interface Library {
  readonly library: string;
  readonly payload: StandardSchema;
  /** What each says of a value that is wrong. */
  readonly says: Readonly<Record<"status" | "score" | "name" | "street", string>>;
  /** Whether it names its fields. */
  readonly isTold: boolean;
}

const ofLibraries: readonly Library[] = [
  {
    library: "zod 3",
    payload: ofZod3,
    says: {
      status: "must be 'new' | 'won'",
      score: "must be number",
      name: "is wrong: String must contain at least 2 character(s)",
      street: "must be string",
    },
    isTold: true,
  },
  {
    library: "Valibot",
    payload: ofValibot,
    says: {
      status: 'must be ("new" | "won")',
      score: "must be number",
      name: "must be >=2",
      street: "must be string",
    },
    isTold: true,
  },
  {
    library: "zod/mini",
    payload: ofMini,
    says: {
      status: 'must be "new" or "won"',
      score: "must be a number, not a string",
      name: "must have at least 2 characters",
      street: "must be a string, not a number",
    },
    isTold: true,
  },
];
const libraries = ofLibraries.flatMap((one) => {
  if (one.payload === ofMini) return [one];
  const library = `${one.library}, of which validation alone is known`;
  return [one, { ...one, library, payload: opaque(one.payload), isTold: false }];
});

/** The declaration of a lead by a schema. */
function leadBy(payload: StandardSchema | (() => StandardSchema), secrets?: string[]) {
  const schema = () => ({
    model: model("Lead"),
    attributes: {
      userId: keyPart,
      leadId: keyPart,
      data: dataOf<LeadData>(payload as StandardSchema<LeadData>),
      ...times,
    },
    indexes: { byKey: byKey("USER#${userId}", "LEAD#${leadId}", { collection: "workspace" }) },
  });
  const entity = (config: EntityConfig) => new Entity(schema(), configure(config));
  return { payload, secrets: secrets as never, schema, entity };
}

const { engine } = engines[0] ?? { engine: "dynalite" };
const key = { userId: "u1", leadId: "l1" };

describe.each(libraries)("a payload by $library", ({ payload, says, isTold }) => {
  const open = () =>
    createTestDataLayer({
      engine,
      entities: { lead: leadBy(payload, ["token"]) },
      encryption: { keys: { "key-1": new Uint8Array(32).fill(1) }, current: "key-1" },
    });
  let data: Awaited<ReturnType<typeof open>>;
  beforeAll(async () => {
    data = await open();
  });
  afterAll(() => data.close());
  beforeEach(() => data.wire.clear());

  /** The issues of a call that is refused before anything is sent. */
  async function issuesOf(refused: Promise<unknown>) {
    const { issues, message } = await failureOf(refused, ValidationError);
    expect(data.wire.operations).toEqual([]);
    expect(message).not.toContain("secret-value");
    return Object.fromEntries(issues.map((issue) => [issue.path, issue.message]));
  }

  test("is stored as it is given, and every call knows it", async () => {
    const given = { name: "Ada", status: "new" as const, tags: ["a"], more: { kept: 1 } };
    const made = await data.lead.create({ ...key, data: given });
    expect(made.data).toEqual({ ...given, ...(isTold && { id: "l1" }) });
    const changed = await data.lead.update(key, { status: "won" }, { where: { status: "new" } });
    expect(await data.lead.get(key)).toEqual(changed);
    expect((await data.lead.query({ userId: "u1" }, { fields: ["name"] })).items).toHaveLength(1);
    const read = await data.collections.workspace({ userId: "u1" });
    expect(read.lead).toEqual([changed]);
    await data.transaction.write((tx) => [tx.lead.update(key, { score: 5 })]);
    const scope = data.forUser("u1");
    expect((await scope.lead.getOrThrow({ leadId: "l1" })).data).toMatchObject({ score: 5 });
  });

  test("is checked as a whole, with the path and the rule of each issue, and no value", async () => {
    const wrong = {
      name: "A",
      status: "secret-value",
      score: "secret-value",
      token: "secret-value",
      address: { street: 5 },
    };
    const expected = {
      "data.name": says.name,
      "data.status": says.status,
      "data.score": says.score,
      "data.token": "is wrong",
      "data.address.street": says.street,
    };
    expect(await issuesOf(data.lead.put({ ...key, data: wrong as never }))).toEqual(expected);
    expect(await issuesOf(data.lead.create({ ...key, data: {} as never }))).toEqual({
      "data.name": "is missing",
      "data.status": "is missing",
    });
    const transaction = data.transaction.write((tx) => [
      tx.lead.put({ ...key, data: { name: "Ada" } as never }),
    ]);
    expect(Object.values(await issuesOf(transaction))).toEqual(["is missing"]);
  });

  test("allowMissing lets required fields be missing, and nothing else", async () => {
    const items = [{ ...key, data: { name: 5 } as never }];
    const [only] = Object.entries(
      await issuesOf(data.lead.batchPut(items, { allowMissing: true })),
    );
    expect(only?.[0]).toBe("items[0].data.name");
    const fewer = [{ ...key, leadId: "l2", data: { name: "Ada" } as never }];
    expect(await data.lead.batchPut(fewer, { allowMissing: true })).toEqual({ written: 1 });
    expect(data.lead.check(fewer[0])).toEqual([{ path: "data.status", message: "is missing" }]);
  });

  test("is checked in the parts that an update changes", async () => {
    const wrong = { name: "A", status: "secret-value" as never, score: "secret-value" as never };
    expect(await issuesOf(data.lead.update(key, wrong))).toEqual({
      "data.name": says.name,
      "data.status": says.status,
      "data.score": says.score,
    });
    const nested = { set: [[["address", "street"], 5]] as never };
    expect(await issuesOf(data.lead.update(key, {}, nested))).toEqual({
      "data.address.street": says.street,
    });
    await data.lead.put({ ...key, data: { name: "Ada", status: "new", address: { street: "a" } } });
    await data.lead.update(key, { score: 3 }, { set: [[["address", "zip"], "1"]] });
    const removed = await data.lead.update(key, {}, { remove: ["score", ["address", "zip"]] });
    expect(removed.data).toMatchObject({ name: "Ada", address: { street: "a" } });
    data.wire.clear();
    expect(
      await issuesOf(data.lead.update(key, {}, { remove: ["name", "more" as never] })),
    ).toEqual({
      "data.name": "is required and cannot be removed",
    });
    expect(await issuesOf(data.lead.update(key, {}, { remove: [["address", "street"]] }))).toEqual({
      "data.address.street": "is required and cannot be removed",
    });
  });

  test("its secret fields are those of the declaration: encrypted, masked and in no message", async () => {
    const token = "ada@secret.example";
    const made = await data.lead.put({ ...key, data: { name: "Ada", status: "new", token } });
    expect(made.data.token).toBe(token);
    expect(inspect(made)).not.toContain(token);
    const { endpoint, region, credentials } = data.engine;
    const client = DynamoDBDocumentClient.from(
      new DynamoDBClient({ endpoint, region, credentials }),
    );
    const Key = { PK: "USER#u1", SK: "LEAD#l1" };
    const TableName = data.configuration.tableName;
    const { Item } = await client.send(new GetCommand({ TableName, Key }));
    client.destroy();
    expect(Item).toBeDefined();
    expect(JSON.stringify(Item)).not.toContain(token);
    data.wire.clear();
    expect(await issuesOf(data.lead.update(key, { token: "secret-value" }))).toEqual({
      "data.token": "is wrong",
    });
  });
});

describe("of a list that is told its members", () => {
  test.each([
    ["zod 3", ofZod3],
    ["Valibot", ofValibot],
    ["zod/mini", ofMini],
  ])("%s checks one member", async (_, payload) => {
    const layer = createDataLayer({ environment: "local", entities: { lead: leadBy(payload) } });
    const refused = layer.lead.update(key, {}, { set: [[["tags", 0], 5]] as never });
    const { issues } = await failureOf(refused, ValidationError);
    expect(issues).toEqual([
      { path: "data.tags[0]", message: expect.stringMatching(/^must be (a )?string/) },
    ]);
    await layer.close();
  });
});

describe("a union of objects", () => {
  const zod4 = z.discriminatedUnion("name", [
    z.object({ name: z.literal("one"), status: z.string() }),
    z.object({ name: z.literal("two"), score: z.number() }),
  ]);
  const valibot = call("variant", "name", [
    call("object", { name: call("literal", "one"), status: text() }),
    call("object", { name: call("literal", "two"), score: call("number") }),
  ]);
  test.each([
    ["zod 4", zod4],
    ["Valibot", valibot],
  ])("of %s is checked as a whole; a change, in what its issues name", async (_, payload) => {
    const layer = createDataLayer({ environment: "local", entities: { lead: leadBy(payload) } });
    const wrong = { ...key, data: { name: "two", score: "5" } };
    expect(layer.lead.check(wrong)).toEqual([
      { path: "data.score", message: expect.stringMatching(/^must be (a )?number/) },
    ]);
    expect(layer.lead.check({ ...key, data: { name: "two", score: 5 } })).toEqual([]);
    const refused = layer.lead.update(key, { name: "three" });
    expect((await failureOf(refused, ValidationError)).issues).toMatchObject([
      { path: "data.name" },
    ]);
    await layer.close();
  });
});

describe("a field of an index", () => {
  const made = (payload: unknown) => {
    const schema = () => ({
      model: model("Placed"),
      attributes: {
        userId: keyPart,
        placedId: keyPart,
        data: dataOf(payload as StandardSchema),
        ...fields("status"),
        ...times,
      },
      indexes: {
        byKey: byKey("USER#${userId}", "PLACED#${placedId}"),
        byStatus: index("GSI2", "S#${data.status}", "${placedId}"),
      },
    });
    const entity = (config: EntityConfig) => new Entity(schema() as never, configure(config));
    const entities = { placed: { payload, schema, entity } };
    return () => createDataLayer({ environment: "local", entities } as never);
  };
  /** A schema of which nothing but validation is known. */
  const bare = (isRight: (status: unknown) => boolean): StandardSchema => ({
    "~standard": {
      version: 1,
      vendor: "bare",
      validate: (value) => {
        if (typeof value !== "object" || value === null || Array.isArray(value)) {
          return { issues: [{ message: "must be an object" }] };
        }
        const { status } = value as { status?: unknown };
        return isRight(status)
          ? { value }
          : { issues: [{ message: "is wrong", path: ["status"] }] };
      },
    },
  });
  const zod3 = (status: z3.ZodTypeAny) => z3.object({ status }).passthrough();
  const valibot = (status: unknown) => call("looseObject", { status });

  test.each<[string, unknown]>([
    ["a number of zod 3", zod3(z3.number())],
    ["a large number of zod 3", zod3(z3.number().min(1_700_000_000_000).optional())],
    ["a date of zod 3", zod3(z3.date())],
    ["a text or a number of zod 3", zod3(z3.union([z3.string(), z3.number()]))],
    ["anything of zod 3", zod3(z3.unknown())],
    ["a number of Valibot", valibot(call("number"))],
    ["a big integer of Valibot", valibot(call("bigint"))],
    ["a boolean of Valibot", valibot(optional(call("boolean")))],
    ["a list of Valibot", valibot(call("array", text()))],
    ["an object of Valibot", valibot(call("object", {}))],
    ["a number of a schema that does not tell its fields", bare((one) => typeof one === "number")],
  ])("%s is refused when the data layer is made", (_, payload) => {
    expect(made(payload)).toThrow(
      "entities.placed has ${data.status} in an index, which is not a string in the payload's schema",
    );
  });

  test.each<[string, unknown]>([
    ["a text of zod 3", zod3(z3.string().min(3).nullish())],
    ["an enumeration of zod 3", zod3(z3.enum(["new", "won"]))],
    ["a text of Valibot", valibot(call("pipe", text(), call("email")))],
    ["one of two texts of Valibot", valibot(call("picklist", ["new", "won"]))],
    ["a text of a schema that does not tell its fields", bare((one) => typeof one === "string")],
    ["what a schema that does not tell its fields says nothing of", bare(() => true)],
  ])("%s is taken", async (_, payload) => {
    await made(payload)().close();
  });
});

describe("is refused", () => {
  const made = (payload: unknown, secrets?: string[]) =>
    createDataLayer({
      environment: "local",
      entities: { lead: leadBy(payload as StandardSchema, secrets) },
    });
  const notOfObjects = "is no schema of an object: z.object, another Standard Schema";
  const given = "and a payload is stored as it is given";
  const asynchronous = "has a schema with an asynchronous check or transform";

  test.each<[string, unknown, string]>([
    ["a text of zod 3", z3.string(), notOfObjects],
    ["a text of Valibot", text(), notOfObjects],
    ["a text of zod 4", z.string(), notOfObjects],
    ["an object that may be null", z3.object({ a: z3.string() }).nullable(), notOfObjects],
    ["what is no schema", { "~standard": { version: 2, validate: () => ({}) } }, notOfObjects],
    [
      "a default of zod 3",
      z3.object({ name: z3.string(), status: z3.string().default("new") }),
      `has a default for status, ${given}`,
    ],
    [
      "a default of Valibot",
      call("object", { name: text(), status: call("optional", text(), "new") }),
      `has a default for status, ${given}`,
    ],
    [
      "a default that validation alone shows",
      opaque(z3.object({ status: z3.string().default("new") })),
      `has a default for status, ${given}`,
    ],
    [
      "a transform of the whole",
      opaque(z3.object({}).transform(() => "text") as never),
      `is changed by its schema, ${given}`,
    ],
    ["an async object of Valibot", call("objectAsync", { name: text() }), asynchronous],
    [
      "an async check of an optional field",
      z3.object({
        name: z3
          .string()
          .optional()
          .refine(async () => true),
      }),
      asynchronous,
    ],
  ])("when a data layer is made: %s", (_, payload, message) => {
    expect(() => made(payload)).toThrow(`entities.lead has a payload that ${message}`);
    const lazy = made(() => payload);
    expect(() => lazy.lead).toThrow(`the payload of Lead ${message}`);
  });

  test("a secret that is no field, a list of secrets that is none, and secrets of zod 4", () => {
    expect(() => made(ofZod3, ["tokn"])).toThrow(
      "entities.lead has a payload that has no field tokn, which is declared to be secret",
    );
    expect(() => made(ofZod3, "token" as never)).toThrow(
      "entities.lead has secrets that are no list of fields",
    );
    expect(() => made(z.object({ token: z.string() }), ["token"])).toThrow(
      "entities.lead has a payload that is of zod 4, which marks secret fields itself, in secret(…)",
    );
    expect(made(opaque(ofZod3), ["token"]).lead).toBeDefined();
  });

  test.each<[string, StandardSchema, object]>([
    ["a trim", z3.object({ name: z3.string().trim() }), { name: " Ada" }],
    [
      "a trim of Valibot",
      call("object", { name: call("pipe", text(), call("trim")) }),
      { name: "Ada " },
    ],
    ["a coercion", z3.object({ name: z3.coerce.number() }), { name: "5" }],
    [
      "a nested transform",
      z3.object({ name: z3.object({ a: z3.number().transform(String) }) }),
      { name: { a: 1 } },
    ],
    [
      "a nested default",
      z3.object({ name: z3.object({ a: z3.number().default(1) }) }),
      { name: {} },
    ],
    [
      "a list that is cut",
      z3.object({ name: z3.array(z3.number()).transform((list) => list.slice(1)) }),
      { name: [1, 2] },
    ],
  ])("with the value that it changes: %s", async (_, payload, value) => {
    const layer = made(payload);
    const rule = { message: `is changed by its schema, ${given}` };
    expect(layer.lead.check({ ...key, data: value })).toMatchObject([rule]);
    const update = layer.lead.update(key, value as never);
    expect((await failureOf(update, ValidationError)).issues).toMatchObject([rule]);
    await layer.close();
  });

  test.each<[string, StandardSchema]>([
    ["zod 3", z3.object({ name: z3.set(z3.string().startsWith("tag-")) })],
    ["Valibot", call("object", { name: call("set", text()) })],
    ["zod 4", z.object({ name: z.set(z.string()) })],
  ])("a set with a member of the wrong type, which is not missing: %s", (_, payload) => {
    const { lead } = made(payload);
    const issues = lead.check({ ...key, data: { name: new Set([4711]) } as never });
    expect(issues).toHaveLength(1);
    expect(issues[0]?.path).toMatch(/^data\.name/);
    expect(issues[0]?.message).toMatch(/^must be a? ?string/);
    expect(JSON.stringify(issues)).not.toContain("4711");
  });

  test("a wrong member of a set, without what it is, though the schema's message shows it", () => {
    const payload = z3.object({
      name: z3.set(
        z3.string().refine(
          (tag) => tag === "",
          (tag) => ({ message: `bad ${tag}` }),
        ),
      ),
    });
    const issues = made(payload).lead.check({
      ...key,
      data: { name: new Set(["SECRET"]) } as never,
    });
    expect(issues).toEqual([{ path: "data.name[0]", message: "is wrong" }]);
  });

  test("not with one that it leaves as it is: trimmed texts, sets, bytes, and fields that it drops", () => {
    const payload = z3.object({
      name: z3.string().trim(),
      set: z3.set(z3.string()),
      bytes: z3.instanceof(Uint8Array),
      zero: z3.number(),
    });
    const value = { name: "Ada", set: new Set(["a"]), bytes: new Uint8Array(2), zero: -0, more: 1 };
    expect(made(payload).lead.check({ ...key, data: value })).toEqual([]);
  });

  const rule = `data ${asynchronous}, and a payload's is synchronous: it is checked before anything is sent`;
  test.each<[string, unknown]>([
    [
      "zod 4 (it was said that an argument cannot be read)",
      z.object({ name: z.string().refine(async () => true) }),
    ],
    ["zod 4, by a transform", z.object({ name: z.string().transform(async (name) => name) })],
    ["zod 3", z3.object({ name: z3.string().refine(async () => true) })],
  ])("an async check, by name and rule: %s", async (_, payload) => {
    const layer = made(payload);
    const create = await failureOf(
      layer.lead.create({ ...key, data: { name: "Ada" } as never }),
      ValidationError,
    );
    expect(create.message).toBe(`create Lead (userId=u1, leadId=l1): ${rule}`);
    const update = await failureOf(layer.lead.update(key, { name: "Ada" }), DynamoDBError);
    expect(update.message).toBe(
      `update Lead (userId=u1, leadId=l1): ${rule.replace("data", "data.name")}`,
    );
    await layer.close();
  });

  test("an async check that a removal asks", async () => {
    const layer = made(
      z.object({
        name: z
          .string()
          .optional()
          .refine(async () => true),
      }),
    );
    const refused = layer.lead.update(key, {}, { remove: ["name"] });
    expect((await failureOf(refused, ValidationError)).message).toContain(
      `data.name ${asynchronous}`,
    );
    await layer.close();
  });
});
