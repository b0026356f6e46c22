import type * as ElectroDB from "electrodb";
import { definitions } from "../../services/entities.js";
import { createEntities, createService } from "../../services/registry.js";
import { modelOf } from "../../src/entity/model.js";
import { type DeclaredSchema, templatesOf } from "../../src/table/declared.js";
import { createTestDataLayer } from "../../src/testing/index.js";
import { registry } from "../registry.js";

let made = 0;
jest.mock("electrodb", () => {
  const electrodb = jest.requireActual<typeof ElectroDB>("electrodb");
  class Entity extends electrodb.Entity<string, string, string, never> {
    constructor(schema: never, config?: ElectroDB.EntityConfiguration) {
      super(schema, config);
      made += 1;
    }
  }
  return { ...electrodb, Entity };
});

describe.each(registry)("the model of $name", ({ name, entity, owner, id, dated }) => {
  const model = modelOf(definitions[name]);

  test("is what the entity declares", () => {
    expect(model.name).toBe(entity);
    expect(model.parts).toEqual(id === undefined ? [owner] : [owner, id]);
    expect(model.dated).toBe(dated);
    const isDefaulted = name === "oauthToken";
    expect(model.defaults).toEqual(isDefaulted ? { provider: "GOOGLE_BUSINESS" } : {});
  });

  test("has the templates that ElectroDB's entity has", () => {
    const { schema } = definitions[name].entity({ table: "unused" });
    expect(templatesOf(schema as DeclaredSchema)).toEqual(templatesOf(definitions[name].schema()));
  });
});

/** What the entity's schema says, and what ElectroDB reads of it. */
const templates = registry.map(
  ({ name, entity }) => [entity, templatesOf(definitions[name].schema())] as const,
);

test("every entity has both index keys or neither", () => {
  expect(templates).toHaveLength(12);
  for (const [name, { gsi1pk, gsi1sk }] of templates) {
    expect([name, gsi1pk !== undefined]).toEqual([name, gsi1sk !== undefined]);
  }
});

test("the index keys are those of the data model", () => {
  const indexed = templates.flatMap(([name, { gsi1pk, gsi1sk }]) =>
    gsi1pk === undefined ? [] : [[name, gsi1pk, gsi1sk]],
  );
  expect(indexed).toEqual([
    ["Review", "REVIEW#${reviewId}", "AGENT#${agentId}"],
    ["ResearchReport", "USER#${userId}", "REPORT#${createdAt}#${reportId}"],
    ["Project", "USER#${userId}", "PROJECT#${createdAt}#${projectId}"],
    ["SavedContent", "USER#${userId}", "CONTENT#${createdAt}#${contentId}"],
    ["MarketingPlan", "USER#${userId}", "PLAN#${createdAt}#${planId}"],
  ]);
});

test("an id is the last part of every key, so that any character may be in it", () => {
  for (const [, one] of templates) {
    for (const template of Object.values(one)) {
      expect(template).toMatch(/^[A-Z]*$|^[^$]*(?:\$\{createdAt\}#)?\$\{\w+\}$/);
    }
  }
});

test("making entities and a service leaves their declarations as they are", () => {
  const schemas = () => JSON.stringify(Object.values(definitions).map(({ schema }) => schema()));
  const before = schemas();
  expect(before).toContain("BayonCoAgent");
  // What ElectroDB writes into a schema that it is given; a test before this one has made entities.
  expect(before).not.toContain("facets");
  createService(createEntities(definitions, { table: "first" }), { table: "first" });
  createService(createEntities(definitions, { table: "second" }), { table: "second" });
  expect(schemas()).toBe(before);
});

test("a store makes its ElectroDB entity when it is asked for it, once (the first get made it: 8 ms)", async () => {
  const data = await createTestDataLayer();
  try {
    made = 0;
    const key = { userId: "u", projectId: "p" };
    await data.project.create({ ...key, data: { name: "Open houses" } });
    expect((await data.project.get(key))?.data.name).toBe("Open houses");
    await data.forUser("u").project.query({});
    expect(made).toBe(0);

    const { entity } = data.project;
    expect(made).toBe(1);
    expect(data.project.entity).toBe(entity);
    expect(made).toBe(1);
    expect((await entity.get(key).go()).data?.data?.name).toBe("Open houses");
  } finally {
    await data.close();
  }
});
