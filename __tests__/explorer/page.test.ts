/** What the explorer's page makes of items without a browser: drafts of a form, and files. */
import fc from "fast-check";
import { codeOf } from "../../src/explorer/call.js";
import { literalOf } from "../../src/explorer/literal.js";
import { changingDrafts, draftOf, editsOf, typedValue } from "../../src/explorer/page/draft.js";
import { type ExportFormat, exporting } from "../../src/explorer/page/export-text.js";
import { filterText, filterValue } from "../../src/explorer/page/filter-value.js";
import { placesOf, storeTitle } from "../../src/explorer/page/format.js";
import { columnsOf, presentFields } from "../../src/explorer/page/grid-columns.js";
import { readsOnByItself } from "../../src/explorer/page/paging.js";
import { filtersIn, partsIn } from "../../src/explorer/page/route.js";
import { finished } from "../../src/explorer/page/slices.js";
import { sorting } from "../../src/explorer/page/sorting.js";
import type {
  EntityDescription,
  FieldDescription,
  PartDescription,
  SentItem,
} from "../../src/explorer/protocol.js";
import { ExactNumber } from "../../src/index.js";
import { anyText } from "../any-text.js";

const value = fc.letrec((tie) => ({
  any: fc.oneof(
    { maxDepth: 3 },
    anyText(),
    // DynamoDB has no -0.
    fc.double({ noNaN: true, noDefaultInfinity: true }).map((number) => number + 0),
    fc.boolean(),
    fc.constant(null),
    fc.bigInt(),
    fc.uint8Array({ minLength: 1 }),
    fc.set(fc.string({ minLength: 1 })).map((members) => new Set(members)),
    fc.constant(ExactNumber.from("1.00000000000000000000000000001")),
    fc.array(tie("any")),
    fc.dictionary(fc.string(), tie("any")),
  ),
})).any;

const fieldOf = (name: string): FieldDescription => ({
  ...{ name, kind: "any", required: false, nullable: true, secret: false },
});

test("no field of 1,000 payloads is changed by opening and saving it, or by touching it", () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string({ minLength: 1 }), value), (data) => {
      const fields = Object.keys(data).map(fieldOf);
      const drafts = Object.fromEntries(
        fields.map((field) => [field.name, draftOf(field, { data })]),
      );
      const none = { changes: {}, remove: [], problems: {} };
      expect(editsOf(fields, { data }, {})).toEqual(none);
      expect(editsOf(fields, { data }, drafts)).toEqual(none);
      // JSON with other spaces is another text, and the same value.
      const touched = Object.entries(drafts).map(([name, draft]) => [
        name,
        draft.editor === "json" ? { ...draft, text: ` ${draft.text} ` } : draft,
      ]);
      expect(editsOf(fields, { data }, Object.fromEntries(touched))).toEqual(none);
    }),
    { numRuns: 1_000 },
  );
});

test("a changed field is changed, a removed one removed, and what is no value is named", () => {
  const data = { text: "a", number: 1, list: [1, 2], gone: "x", open: null };
  const fields = Object.keys(data).map(fieldOf);
  const draft = (name: string) => draftOf(fieldOf(name), { data });
  const drafts = {
    text: { ...draft("text"), text: "b" },
    number: { ...draft("number"), text: "many" },
    list: { ...draft("list"), text: "[1, 3]" },
    gone: { ...draft("gone"), state: "missing" as const },
    open: { ...draft("open"), state: "value" as const, text: "now" },
  };
  expect(editsOf(fields, { data }, drafts)).toEqual({
    changes: { text: "b", list: [1, 3], open: "now" },
    remove: ["gone"],
    problems: { number: "must be a number" },
  });
  expect(typedValue({ state: "value", editor: "boolean", text: "true" })).toBe(true);
});

test("a number that would be rounded is a problem, in a list as well, and says how to write it", () => {
  const typed = (editor: "number" | "json", text: string) =>
    typedValue({ state: "value", editor, text });
  for (const text of ["0", "-0.50", " 7 ", "+1e3", ".5", "9007199254740991", "1E-7", "120e-2"]) {
    expect([text, typed("number", text)]).toEqual([text, Number(text)]);
  }
  for (const text of ["", ".", "0x10", "Infinity", "1e999", "1 2", "e5", "one"]) {
    expect(() => typed("number", text)).toThrow("must be a number");
  }
  for (const text of ["12345678901234567890", "0.12345678901234567890123", "1e-400"]) {
    expect(() => typed("number", text)).toThrow("has more digits than a number keeps");
    expect(() => typed("json", `[{"a": ${text}}]`)).toThrow("write it as");
    expect(typed("json", `["${text}", "\\"${text}"]`)).toEqual([text, `"${text}`]);
  }
  expect(() => typed("json", "[9007199254740993]")).toThrow(
    '{"$":"bigint","v":"9007199254740993"}',
  );
  expect(typed("json", '{"$":"bigint","v":"9007199254740993"}')).toBe(9007199254740993n);
});

test("put on top of an item that somebody else has changed, a field that was only touched stays theirs", () => {
  const data = { touched: "old", mine: "old" };
  const fields = Object.keys(data).map(fieldOf);
  const draft = (name: string, text: string) => ({ ...draftOf(fieldOf(name), { data }), text });
  const drafts = { touched: draft("touched", "old"), mine: draft("mine", "new") };
  const kept = changingDrafts(drafts, editsOf(fields, { data }, drafts));
  const theirs = { data: { touched: "theirs", mine: "theirs" } };
  expect(editsOf(fields, theirs, kept)).toMatchObject({ changes: { mine: "new" }, remove: [] });
  expect(editsOf(fields, theirs, kept).changes).not.toHaveProperty("touched");
});

test("a value as TypeScript is that value", () => {
  const evaluated = (text: string): unknown =>
    Reflect.construct(Function, ["ExactNumber", `return (${text});`])(ExactNumber) as unknown;
  fc.assert(
    fc.property(value, (given) => {
      expect(evaluated(literalOf(given))).toEqual(given);
    }),
    { numRuns: 200 },
  );
});

test.each([
  [[{ id: "a" }, {}], 'await data.note.get({ id: "a" });'],
  [[{ id: "a" }, { limit: undefined }], 'await data.note.get({ id: "a" });'],
  [[{ id: "a" }, { limit: 1 }], 'await data.note.get({ id: "a" }, { limit: 1 });'],
  [[{}], "await data.note.get({});"],
])("a call with %j is shown as %s", (args, code) => {
  expect(codeOf({ path: ["note", "get"], args })).toBe(code);
});

test("items are sorted in small steps: alike ones stay in order, those without a value come last", () => {
  const values: readonly unknown[] = [3, "b", undefined, 1, "", "a", ["x"], 2, null, "a"];
  const items = Array.from({ length: 5_000 }, (_, at): SentItem => {
    const own = { key: { id: `i${at}` }, data: { field: values[at % values.length] } };
    return { ...own, store: "project", hidden: [], createdAt: 1, updatedAt: 2, bytes: 9 };
  });
  const by = { id: "data.field", desc: false };
  const sorted = finished(sorting(items, by));
  const at = (wanted: unknown) => items.filter(({ data }) => data.field === wanted);
  const lists = items.filter(({ data }) => Array.isArray(data.field));
  const last = items.filter(({ data }) => [undefined, "", null].includes(data.field as null));
  const rising = [[1, 2, 3].map(at), lists, [..."ab"].map(at)].flat(2);
  expect(sorted).toEqual([...rising, ...last]);
  const falling = [[3, 2, 1].map(at), [..."ba"].map(at), lists].flat(2);
  expect(finished(sorting(items, { ...by, desc: true }))).toEqual([...falling, ...last]);
  const steps = sorting(items, by);
  let count = 0;
  while (steps.next().done !== true) count += 1;
  expect(count).toBeGreaterThan(10);
});

test("a grid has the item's id and name first, its times last, and no field that says either again", () => {
  const part = (name: string) => ({ name }) as PartDescription;
  const parts = ["userId", "noteId"].map(part);
  const fields = ["noteId", "views", "title", "none"].map(fieldOf);
  const key = { index: null, partition: [part("userId")], sort: [part("noteId")] };
  const entity = { store: "note", parts, key, fields } as unknown as EntityDescription;
  const item: SentItem = {
    ...{ store: "note", key: { userId: "u", noteId: "n" }, createdAt: 1, updatedAt: 2, bytes: 9 },
    data: { title: "T", noteId: "n", odd: [0], none: "" },
    hidden: ["views"],
  };
  const columns = columnsOf(entity, presentFields([item]));
  const cells = columns.map((column) => [
    column.id,
    (column as { accessorFn?: (row: SentItem, at: number) => unknown }).accessorFn?.(item, 0),
  ]);
  expect(cells).toEqual([
    ["noteId", "n"],
    ["data.title", "T"],
    ["userId", "u"],
    ["data.views", undefined],
    ["data.odd", [0]],
    ["createdAt", 1],
    ["updatedAt", 2],
  ]);
});

test.each([
  ["savedContent", "Saved content"],
  ["oauthToken", "Oauth token"],
  ["parsedURLText", "Parsed URL text"],
  ["SMS", "SMS"],
  ["note2Self", "Note2 self"],
])("the store %s has the heading %s", (store, heading) => {
  expect(storeTitle(store)).toBe(heading);
});

test("an export has the items in each of its forms, in steps, and no secret", () => {
  const itemOf = (index: number): SentItem => ({
    ...{ store: "oauthToken", key: { userId: `u${index}`, provider: "GOOGLE" } },
    ...{ data: { expiryDate: index === 49 ? ExactNumber.from("1e50") : 5 } },
    ...{ hidden: ["accessToken"], createdAt: 1, updatedAt: 2, bytes: 90 },
  });
  const items = Array.from({ length: 50 }, (_, index) => itemOf(index));
  const textOf = (format: ExportFormat, of: readonly SentItem[]) =>
    finished(exporting(format, of, { entity, module: undefined })).join("");
  const secret = { ...fieldOf("accessToken"), secret: true, required: true };
  const entity = { store: "oauthToken", fields: [secret, { ...secret, name: "other" }] };
  const json = JSON.parse(textOf("json", items)) as object[];
  expect(json.map((item) => ({ ...item, data: null }))).toEqual(
    items.map(({ key }) => ({ ...key, data: null, createdAt: 1, updatedAt: 2 })),
  );
  expect(textOf("json", items.slice(0, 1))).toBe(
    `${JSON.stringify(
      [{ userId: "u0", provider: "GOOGLE", data: { expiryDate: 5 }, createdAt: 1, updatedAt: 2 }],
      null,
      2,
    )}\n`,
  );
  expect(textOf("fixture", items)).toContain(
    'make.oauthToken({ userId: "u1", provider: "GOOGLE", data: { expiryDate: 5 }, createdAt: 1 })',
  );
  expect(textOf("fixture", items)).toContain("import { ExactNumber }");
  expect(textOf("seed", items)).toContain("await data.oauthToken.batchPut([\n");
  expect(textOf("seed", items.slice(0, 49))).not.toContain("ExactNumber");
  expect(textOf("seed", items)).toContain('data: { expiryDate: 5, accessToken: "replace-me" }');
  const own = { entity, module: "./data-config.js" };
  expect(finished(exporting("seed", items, own)).join("")).toContain(
    'import { entities } from "./data-config.js";\n\n// Secrets are not exported: put them where it says "replace-me".\n// It lacks fields that the items have: run on their table, it would delete these.\nconst data = createDataLayer({ entities });\n',
  );
  expect(finished(exporting("fixture", items, own)).join("")).toContain(
    "const make = factories(entities);",
  );
  expect(textOf("seed", items)).toContain("run on their table, it would delete these");
  const whole = items.map((item) => ({ ...item, hidden: [] }));
  expect(textOf("seed", whole)).not.toContain("delete these");
  expect(textOf("seed", [{ ...itemOf(0), hidden: [], partial: true }])).toContain("delete these");
  expect([...exporting("json", items, own)].length).toBeGreaterThan(2);
});

test("the table and each index that has an item take a write of their own", () => {
  const places = (...names: string[]) => placesOf(names.map((name) => ({ name })));
  expect(places("PK", "SK")).toBe(1);
  expect(places("PK", "SK", "GSI1PK", "GSI1SK")).toBe(2);
  // Of an index whose sort key alone is there, the item is no part.
  expect(places("PK", "SK", "GSI2SK")).toBe(1);
});

test("what an address has of another shape than filters and keys is left out", () => {
  const filter = { field: "name", operator: "eq", value: "a" };
  expect(filtersIn({ filters: JSON.stringify([filter]) })).toEqual([filter]);
  expect(partsIn({ item: '{"userId":"u1","createdAt":5}' }, "item")).toEqual({
    ...{ userId: "u1", createdAt: 5 },
  });
  for (const text of ['{"a":1}', "[null]", "null", "[5]", '[{"field":"a"}]', "{", "[[]]", '"a"']) {
    expect([text, filtersIn({ filters: text })]).toEqual([text, []]);
  }
  for (const text of ["null", "[]", '{"a":null}', '{"a":{}}', "5", "{"]) {
    expect([text, partsIn({ item: text }, "item")]).toEqual([text, undefined]);
  }
});

test("a page of few rows, which are all in sight, is followed by no other one by itself", () => {
  const page = (count: number) => ({
    cursor: "next",
    items: Array.from({ length: count }, () => ({}) as SentItem),
  });
  expect(readsOnByItself([page(200)])).toBe(true);
  expect(readsOnByItself([page(0), page(200)])).toBe(true);
  expect(readsOnByItself([page(200), page(3)])).toBe(false);
  expect(readsOnByItself([])).toBe(false);
});

test.each([
  ["5", "list", "contains", 5],
  ['"5"', "list", "contains", "5"],
  ["5", "text", "contains", "5"],
  ['"a"', "text", "eq", '"a"'],
  ["5", "any", "begins", "5"],
  ["0x10", "any", "eq", "0x10"],
  ["12345678901234567890", "any", "eq", "12345678901234567890"],
  ['"say \\"so\\""', "any", "eq", 'say "so"'],
  ["", "any", "eq", ""],
  ["null", "any", "eq", null],
  ["2020-01-01", "time", "gt", "2020-01-01"],
] as const)(
  "a filter by %s of a field of kind %s that %s is by %p",
  (text, kind, operator, value) => {
    expect(filterValue(text, kind, operator)).toBe(value);
    if (kind === "text" || operator === "begins") return;
    expect(filterValue(filterText(value), kind, operator)).toBe(value);
  },
);

test("a filter of a number is by no other value", () => {
  expect(() => filterValue("many", "number", "gt")).toThrow("must be a number");
  expect(() => filterValue("12345678901234567890", "number", "gt")).toThrow("more digits");
});
