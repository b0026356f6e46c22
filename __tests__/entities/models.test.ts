import type * as ElectroDB from "electrodb";
import { definitions, entityNameOf } from "../../services/entities.js";
import { modelOf } from "../../src/entity/model.js";
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

interface Declaration {
  readonly model: { readonly entity: string };
  readonly attributes: Readonly<Record<string, { readonly default?: unknown }>>;
}

describe.each(registry)("the model of $name", ({ name, entity }) => {
  test("is what the entity declares", () => {
    const declared = definitions[name].entity({ table: "unused" }).schema as Declaration;
    const model = modelOf(entityNameOf(name), definitions[name].payload);
    const defaults = Object.entries(declared.attributes).filter(
      ([, attribute]) => attribute.default !== undefined,
    );

    expect(entityNameOf(name)).toBe(entity);
    expect(declared.model.entity).toBe(entity);
    expect(model.name).toBe(entity);
    expect(model.defaults).toEqual(
      Object.fromEntries(defaults.map(([part, attribute]) => [part, attribute.default])),
    );
  });
});

test("a schema is built for the store that needs it, and no other (all twelve were: 7 ms)", async () => {
  const read: string[] = [];
  for (const [name, definition] of Object.entries(definitions)) {
    const { get } = Object.getOwnPropertyDescriptor(definition, "payload") ?? {};
    if (get === undefined) throw new Error(`the payload of ${name} is no getter`);
    jest.spyOn(definition, "payload", "get").mockImplementation(() => {
      read.push(name);
      return get.call(definition);
    });
  }
  const data = await createTestDataLayer();
  try {
    const key = { userId: "u", projectId: "p" };
    await data.project.create({ ...key, data: { name: "Open houses" } });
    await data.project.get(key);
    expect([...new Set(read)]).toEqual(["project"]);
  } finally {
    await data.close();
    jest.restoreAllMocks();
  }
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
