/** Which paths of a payload a change is about: of a real stream's changes, and of any two payloads. */
import { isDeepStrictEqual } from "node:util";
import { PutCommand } from "@aws-sdk/lib-dynamodb";
import fc from "fast-check";
import { ValidationError } from "../../src/index.js";
import { changedPaths, changeOf } from "../../src/streams/index.js";
import { createTestDataLayer, make } from "../../src/testing/index.js";
import { bareClient } from "../open.js";
import { longEnough, tries } from "../properties/arbitraries.js";
import { describeStreams, recordsOf, useEngine } from "./stream.js";

const between = (before: object | null, after: object | null) =>
  changedPaths({
    before: before && { data: before },
    after: after && { data: after },
  });

describe("changedPaths", () => {
  test("names maps by name and lists by index, in the order of the names", () => {
    const before = { title: "One", seo: { tags: ["a", "b"], score: 1 }, same: { deep: [1] } };
    const after = { title: "Two", seo: { tags: ["a", "c", "d"], score: 1 }, same: { deep: [1] } };
    expect(between(before, after)).toEqual([
      { path: ["seo", "tags", 1], before: "b", after: "c" },
      { path: ["seo", "tags", 2], before: undefined, after: "d" },
      { path: ["title"], before: "One", after: "Two" },
    ]);
  });

  test("tells a field that is missing from one that is null", () => {
    expect(between({ a: null, b: 1, c: null }, { b: null, c: null, d: null })).toEqual([
      { path: ["a"], before: null, after: undefined },
      { path: ["b"], before: 1, after: null },
      { path: ["d"], before: undefined, after: null },
    ]);
  });

  test("has a map or a list that was added, removed or replaced by another type as one path", () => {
    const before = { gone: { x: 1 }, other: { x: 1 } };
    const after = { added: { y: [1] }, other: [1] };
    expect(between(before, after)).toEqual([
      { path: ["added"], before: undefined, after: { y: [1] } },
      { path: ["gone"], before: { x: 1 }, after: undefined },
      { path: ["other"], before: { x: 1 }, after: [1] },
    ]);
  });

  test("compares sets, binary and numbers as DynamoDB does", () => {
    const before = {
      ...{ set: new Set(["a", "b"]), bytes: new Uint8Array([1, 2]), number: 1, zero: 0 },
      ...{ grown: new Set([1]), longer: new Uint8Array([1]), text: "1" },
    };
    const after = {
      ...{ set: new Set(["b", "a"]), bytes: Buffer.from([1, 2]), number: 1n, zero: -0 },
      ...{ grown: new Set([1, 2]), longer: new Uint8Array([1, 0]), text: 1 },
    };
    expect(between(before, after)).toEqual([
      { path: ["grown"], before: new Set([1]), after: new Set([1, 2]) },
      { path: ["longer"], before: new Uint8Array([1]), after: new Uint8Array([1, 0]) },
      { path: ["text"], before: "1", after: 1 },
    ]);
  });

  test("has every field of an item that was created or deleted, and none of an unreadable one", () => {
    const data = { title: "One", list: [1] };
    expect(between(null, data)).toEqual([
      { path: ["list"], before: undefined, after: [1] },
      { path: ["title"], before: undefined, after: "One" },
    ]);
    expect(between(data, null).map(({ before }) => before)).toEqual([[1], "One"]);
    expect(between(null, null)).toEqual([]);
  });

  test("takes fields with the names of an object's own members for what they are", () => {
    const named = JSON.parse('{"__proto__": 1, "constructor": 2}') as object;
    expect(between({}, named).map(({ path }) => path)).toEqual([["__proto__"], ["constructor"]]);
  });

  test.each([
    ["nothing", undefined],
    ["null", null],
    ["a text", "change"],
    ["an object without items", {}],
    ["an item without a payload", { before: null, after: {} }],
  ])("refuses %s", (_, change) => {
    expect(() => changedPaths(change as never)).toThrow(ValidationError);
  });

  test(
    "applied to the payload before, they give the payload after",
    () => {
      // Written as JSON once, because a table has no -0, and its maps are plain objects.
      const payload = fc
        .dictionary(fc.string(), fc.jsonValue({ maxDepth: 3 }))
        .map((value) => JSON.parse(JSON.stringify(value)) as object);
      fc.assert(
        fc.property(payload, payload, (before, after) => {
          const made = JSON.parse(JSON.stringify(before)) as object;
          const paths = changedPaths({ before: { data: before }, after: { data: after } });
          // Backwards, so that members that a list lost are cut off from its end.
          for (const change of [...paths].reverse()) apply(made, change);
          expect(isDeepStrictEqual(made, after)).toBe(true);
        }),
        tries(200),
      );
    },
    longEnough,
  );
});

/** Puts the value of a path into a payload, as a reader of an audit trail would. */
function apply(payload: object, { path, after }: ReturnType<typeof changedPaths>[number]): void {
  const name = path.at(-1) ?? "";
  const holder = path.slice(0, -1).reduce<object>((at, step) => Reflect.get(at, step), payload);
  if (after !== undefined) {
    Object.defineProperty(holder, name, {
      ...{ value: after, enumerable: true, writable: true, configurable: true },
    });
  } else if (Array.isArray(holder)) holder.splice(Number(name), 1);
  else Reflect.deleteProperty(holder, name);
}

describeStreams("changedPaths on $name", ({ engine: name }) => {
  const engine = useEngine(name);

  test("tells what an update of an item changed", async () => {
    const data = await createTestDataLayer({ engine: engine(), stream: true });
    try {
      const key = { userId: "u1", contentId: "c1" };
      await data.savedContent.create(make.savedContent({ ...key, data: { title: "One" } }));
      await data.savedContent.update(key, { title: "Two" });
      const [, updated] = await recordsOf(data);
      const change = updated && (await changeOf(data, updated));
      expect(change && changedPaths(change)).toEqual([
        { path: ["title"], before: "One", after: "Two" },
      ]);
      const ghost = { PK: "USER#u2", SK: "CONTENT#c2", EntityType: "SavedContent" };
      await bareClient(data).send(new PutCommand({ TableName: data.table.name, Item: ghost }));
      const last = (await recordsOf(data)).at(-1);
      const created = last && (await changeOf(data, last));
      expect(created && changedPaths(created)).toEqual([]);
    } finally {
      await data.close();
    }
  });
});
