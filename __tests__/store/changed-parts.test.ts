/** Updates are checked by the parts of a schema of zod 4, whatever stands around and between them. */
import { z } from "zod";
import {
  byKey,
  configure,
  data as dataOf,
  Entity,
  type EntityConfig,
  keyPart,
  model,
  times,
  ValidationError,
} from "../../src/index.js";
import { createTestDataLayer } from "../../src/testing/index.js";
import { failureOf } from "../open.js";
import type { AnyStore } from "../registry.js";

const inner = z.looseObject({ b: z.string() });
const part = { a: { b: "x" } };

async function withNote(payload: z.ZodObject, use: (store: AnyStore) => Promise<void>) {
  const schema = () => ({
    model: model("Note"),
    attributes: { teamId: keyPart, noteId: keyPart, data: dataOf(payload), ...times },
    indexes: { byKey: byKey("TEAM#${teamId}", "NOTE#${noteId}") },
  });
  const entity = (config: EntityConfig) => new Entity(schema(), configure(config));
  const entities = { note: { payload, schema, entity } };
  await using layer = await createTestDataLayer({ entities, builtIn: false });
  await use(layer.note as unknown as AnyStore);
}

const key = { teamId: "t", noteId: "n" };

test.each<[string, z.ZodType, boolean]>([
  ["itself", inner, true],
  ["readonly", inner.readonly(), true],
  ["lazy", z.lazy(() => inner), true],
  ["nonoptional", z.nonoptional(inner.optional()), true],
  ["piped", inner.pipe(inner), true],
  ["with a default", inner.default({ b: "x" }), true],
  ["with a default of the input", inner.prefault({ b: "x" }), true],
  ["an intersection", inner.and(z.looseObject({ c: z.string().optional() })), true],
  [
    "a union whose alternatives agree",
    z.union([inner, z.looseObject({ b: z.string(), c: z.number() })]),
    true,
  ],
  ["a union with a text", z.union([z.string(), inner]), true],
  ["a record", z.record(z.string(), z.string()), false],
  ["an object with a catchall", z.object({}).catchall(z.string()), false],
])("a field that is %s", async (_, schema, isRequired) => {
  await withNote(z.object({ a: schema }), async (note) => {
    await note.put({ ...key, data: part });
    const set = note.update(key, {}, { set: [[["a", "b"], 5]] } as never);
    const { issues } = await failureOf(set, ValidationError);
    expect(issues.map(({ path }) => path)).toEqual(["data.a.b"]);
    const removed = note.update(key, {}, { remove: [["a", "b"]] } as never);
    if (isRequired) await failureOf(removed, ValidationError);
    else await removed;
    const changed = await note
      .update(key, {}, { set: [[["a", "b"], "y"]] } as never)
      .catch(() => null);
    if (isRequired) expect(changed?.data).toEqual({ a: { b: "y" } });
  });
});

test("fields of a catchall, and elements of a tuple", async () => {
  const payload = z.object({ pair: z.tuple([z.string(), z.number()]) }).catchall(z.number());
  await withNote(payload, async (note) => {
    await note.put({ ...key, data: { pair: ["a", 1] } });
    await failureOf(note.update(key, { more: "x" }), ValidationError);
    await failureOf(note.update(key, {}, { set: [[["pair", 1], "x"]] } as never), ValidationError);
    await note.update(key, { more: 5 }, { set: [[["pair", 1], 2]] } as never);
    expect((await note.get(key))?.data).toEqual({ pair: ["a", 2], more: 5 });
  });
});

test("an element of a list may be removed: the list is then shorter", async () => {
  await withNote(z.looseObject({ tags: z.array(z.string()) }), async (note) => {
    await note.put({ ...key, data: { tags: ["a", "b", "c"] } });
    const { data } = await note.update(key, {}, { remove: [["tags", 1]] } as never);
    expect(data).toEqual({ tags: ["a", "c"] });
  });
});
