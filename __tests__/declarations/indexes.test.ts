/** Declarations of further indexes: what is refused when a data layer is made, and what follows from them. */
import { z } from "zod";
import {
  byKey,
  configure,
  createDataLayer,
  createTableInput,
  data as dataOf,
  Entity,
  type EntityConfig,
  fields,
  iamPolicy,
  index,
  keyPart,
  model,
  secret,
  times,
} from "../../src/index.js";
import { createTestDataLayer } from "../../src/testing/index.js";
import { engines } from "../engines.js";
import { indexedEntities } from "../indexed-entities.js";
import { failureOf } from "../open.js";
import { ownEntities } from "../own-entities.js";

const payload = z.looseObject({
  state: z.string().nullish(),
  kind: z.enum(["a", "b"]).optional(),
  either: z.union([z.literal("x"), z.email()]).optional(),
  score: z.number().optional(),
  mixed: z.union([z.string(), z.number()]).optional(),
  numbers: z.enum({ one: 1, two: 2 }).optional(),
  noteId: z.string().optional(),
  token: secret(z.string().optional()),
});

/** A note with these indexes and attributes. */
function note(indexes: object, attributes: object = {}) {
  const schema = () => ({
    model: model("IndexedNote"),
    attributes: {
      userId: keyPart,
      noteId: keyPart,
      data: dataOf(payload),
      ...fields("state", "kind", "either", "score", "mixed", "numbers", "token", "none", "noteId"),
      ...attributes,
      ...times,
    },
    indexes: { byKey: byKey("USER#${userId}", "INOTE#${noteId}"), ...indexes },
  });
  return {
    payload,
    schema,
    entity: (config: EntityConfig) => new Entity(schema() as never, configure(config)) as never,
  };
}

const made = (indexes: object, attributes?: object) => () => {
  const options = { environment: "local", entities: { note: note(indexes, attributes) } };
  return createDataLayer(options as never);
};

test.each<[string, object, string, object?]>([
  [
    "two declarations in one index",
    { one: index("GSI2", "A#${data.state}", "B"), two: index("GSI2", "C#${noteId}", "D") },
    "has one and two in the same index",
  ],
  [
    "an index that no table has",
    { one: index("GSI0" as "GSI1", "A#${noteId}", "B") },
    "has one in GSI0, an index that no table has: they are GSI1 to GSI20",
  ],
  [
    "a field that the payload has not",
    { one: index("GSI2", "A#${data.none}", "B") },
    "has ${data.none} in an index, which is no field of the payload",
  ],
  [
    "a field that is not among the attributes",
    { one: index("GSI2", "A#${data.state}", "B") },
    'has ${data.state} in a template of one: add ...fields("state") to its attributes',
    { "data.state": undefined },
  ],
  [
    "a field that is declared otherwise",
    { one: index("GSI2", "A#${data.state}", "B") },
    "has the attribute data.state, which is a field of the payload: declare it by ...fields alone",
    { "data.state": { type: "string", default: "new" } },
  ],
  [
    "a secret field",
    { one: index("GSI2", "A#${data.token}", "B") },
    "has ${data.token} in an index, which is secret: a key is stored in clear text",
  ],
  [
    "a number",
    { one: index("GSI2", "A#${data.state}", "B#${data.score}") },
    "has ${data.score} in an index, which is not a string in the payload's schema",
  ],
  [
    "a field that may be a number",
    { one: index("GSI2", "A#${data.mixed}", "B") },
    "has ${data.mixed} in an index, which is not a string in the payload's schema",
  ],
  [
    "an enumeration of numbers",
    { one: index("GSI2", "A#${data.numbers}", "B") },
    "has ${data.numbers} in an index, which is not a string in the payload's schema",
  ],
  [
    "a field in the item's own key",
    { byKey: byKey("USER#${userId}", "INOTE#${data.state}#${noteId}") },
    "has ${data.state} in a template of byKey: an item's own key never changes",
  ],
  [
    "a field that is named as a part of the key in the same index",
    { one: index("GSI2", "A#${data.noteId}", "B#${noteId}") },
    "has ${noteId} and ${data.noteId} in one: queryBy could not tell one from the other",
  ],
  [
    "a part that is none of the key",
    { one: index("GSI2", "A#${state}", "B") },
    "has ${state} in a template of one: no part of its key",
  ],
  [
    "the creation time in a partition key",
    { one: index("GSI2", "A#${createdAt}", "B") },
    "has ${createdAt} in the partition key of one",
  ],
  [
    "a part that nothing ends",
    { one: index("GSI2", "A#${data.state}${noteId}", "B") },
    "has a wrong template in one: the partition key",
  ],
  [
    "an order of creation in another index",
    { byCreatedAt: index("GSI2", "USER#${userId}", "INOTE#${createdAt}#${noteId}") },
    "has byCreatedAt in GSI2: it is of GSI1",
  ],
  [
    "an order of creation in another partition",
    { byCreatedAt: index("GSI1", "NOTES", "INOTE#${createdAt}#${noteId}") },
    "has byCreatedAt in another partition than byKey",
  ],
  [
    "an order of creation without an id",
    { byCreatedAt: index("GSI1", "USER#${userId}", "INOTE#${createdAt}") },
    "has byCreatedAt with a sort key other than",
  ],
])("%s", (_, indexes, message, attributes = {}) => {
  expect(made(indexes, attributes)).toThrow(`entities.note ${message}`);
  expect(made(indexes, attributes)).toThrow(
    expect.objectContaining({ name: "ConfigurationError" }),
  );
});

test.each<[string, object]>([
  ["a string that may be null", { one: index("GSI20", "A#${data.state}", "B") }],
  ["an enumeration", { one: index("GSI2", "A#${data.kind}", "${createdAt}") }],
  ["one of several texts", { one: index("GSI2", "A#${data.either}", "${noteId}#${createdAt}") }],
  ["no part at all", { one: index("GSI3", "ALL", "NOTE") }],
  ["another index under GSI1", { one: index("GSI1", "NOTE#${noteId}", "USER#${userId}") }],
])("an index of %s is well", (_, indexes) => {
  expect(made(indexes)).not.toThrow();
});

const tableArn = "arn:aws:dynamodb:us-east-1:123456789012:table/T";

describe("the policy", () => {
  const entities = indexedEntities;
  const leadingKeys = (statement: object | undefined) =>
    (statement as { Condition: Record<string, Record<string, string[]>> }).Condition[
      "ForAllValues:StringEquals"
    ]?.["dynamodb:LeadingKeys"];

  test("of a user allows the partitions of indexes that are made of the user alone", () => {
    const { Statement } = iamPolicy({ tableArn, entities, builtIn: false, userId: "u1" });
    const [, index, ...others] = Statement;
    expect(others).toEqual([]);
    expect(index?.Resource).toEqual([`${tableArn}/index/GSI1`, `${tableArn}/index/GSI6`]);
    expect(leadingKeys(index)).toEqual(["USER#u1"]);
  });

  test("of another owner allows no partition that others have in common", () => {
    const { Statement } = iamPolicy({ tableArn, entities, builtIn: false, owner: { orgId: "o1" } });
    const [, index, ...others] = Statement;
    expect(others).toEqual([]);
    expect(index?.Resource).toEqual([`${tableArn}/index/GSI8`]);
    expect(leadingKeys(index)).toEqual(["ORG#o1"]);
    const team = iamPolicy({ tableArn, entities, builtIn: false, owner: { teamId: "t1" } });
    expect(team.Statement).toHaveLength(1);
  });

  test("of an application allows the indexes in use, and GSI1 alone for the twelve", () => {
    const resources = (options: object) =>
      iamPolicy({ tableArn, access: "application", ...options }).Statement[1]?.Resource;
    expect(resources({})).toEqual([`${tableArn}/index/GSI1`]);
    const all = [1, 2, 3, 4, 5, 6, 7, 8].map((number) => `${tableArn}/index/GSI${number}`);
    expect(resources({ entities })).toEqual(all);
    const { team } = ownEntities;
    expect(resources({ entities: { team }, builtIn: false })).toBeUndefined();
  });
});

describe("the table", () => {
  const indexesOf = (options: object) =>
    createDataLayer({ environment: "local", ...options } as object).table.indexes;

  test("needs the indexes that the entities are in", () => {
    expect(indexesOf({})).toEqual(["GSI1"]);
    expect(indexesOf({ entities: { note: note({ one: index("GSI11", "A", "B") }) } })).toEqual([
      "GSI1",
      "GSI11",
    ]);
    expect(indexesOf({ entities: { team: ownEntities.team }, builtIn: false })).toEqual([]);
  });

  test("is requested with them, each with its two keys", () => {
    const { GlobalSecondaryIndexes, AttributeDefinitions } = createTableInput("T", [
      "GSI2",
      "GSI3",
    ]);
    expect(GlobalSecondaryIndexes?.map(({ IndexName }) => IndexName)).toEqual(["GSI2", "GSI3"]);
    expect(AttributeDefinitions?.map(({ AttributeName }) => AttributeName)).toEqual([
      "PK",
      "SK",
      "GSI2PK",
      "GSI2SK",
      "GSI3PK",
      "GSI3SK",
    ]);
    expect(createTableInput("T", [])).not.toHaveProperty("GlobalSecondaryIndexes");
    expect(createTableInput("T")).toEqual(createTableInput("T", ["GSI1"]));
  });

  test.each(engines)("that lacks one is reported, on $name", async ({ engine }) => {
    await using old = await createTestDataLayer({ engine });
    const { tableName } = old.configuration;
    const { endpoint, region, credentials } = old.engine;
    const place = { environment: "development", endpoint, region, credentials, tableName } as const;
    await using data = createDataLayer({ ...place, entities: indexedEntities });
    const error = await failureOf(data.table.create(), Error);
    expect(error).toMatchObject({ code: "WrongTable" });
    expect(error.message).toContain(`the table ${tableName} has no indexes GSI2, GSI3, GSI4`);
    const waited = await failureOf(data.table.wait(), Error);
    expect(waited).toMatchObject({ code: "WrongTable" });
    // A table without indexes is well for entities that are in none.
    const { team } = ownEntities;
    await using bare = await createTestDataLayer({ engine, entities: { team }, builtIn: false });
    expect((await bare.table.describe())?.indexes).toEqual([]);
    await bare.team.put({ teamId: "t1", data: { name: "North" } });
    expect((await bare.team.get({ teamId: "t1" }))?.data.name).toBe("North");
  });
});
