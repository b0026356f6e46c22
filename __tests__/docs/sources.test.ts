/** What the manual says of the sources is what the sources say. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { sectionOf, tableRows } from "../../scripts/dev/docs/markdown.js";
import { readManual, readPage } from "../../scripts/dev/docs/pages.js";
import { collections } from "../../scripts/move/firestore/collections.js";
import { definitions, type FacadeName } from "../../services/entities.js";
import { resolveConfiguration } from "../../src/client/config.js";
import * as door from "../../src/index.js";
import { templatesOf as templatesIn } from "../../src/table/declared.js";

const root = join(__dirname, "..", "..");
const page = (name: string) => readPage(root, `docs/${name}.md`).text;
const manual = readManual(root)
  .map(({ text }) => text)
  .join("\n");

/** The text of all sources, wherever a declaration is. */
const sources = readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" })
  .filter((file) => file.endsWith(".ts"))
  .map((file) => readFileSync(join(root, "src", file), "utf8"))
  .join("\n");

/** The members of an interface of the sources. */
function membersOf(name: string): string[] {
  const body =
    new RegExp(`interface ${name}(?: [^{]*)?\\{([\\s\\S]*?)^\\}`, "m").exec(sources)?.[1] ?? "";
  return [...body.matchAll(/^ {2}(?:readonly )?(\w+)\??:/gm)].map(([, member = ""]) => member);
}

const facades = Object.keys(definitions) as FacadeName[];
const templatesOf = (facade: FacadeName) => templatesIn(definitions[facade].schema());
const shown = (template = "") => template.replaceAll(/\$\{(\w+)\}/g, "<$1>");

test("the entities and which of them are dated", () => {
  const rows = facades.map((facade) => [
    definitions[facade].schema().model.entity,
    facade,
    templatesOf(facade).gsi1sk?.includes("createdAt") ? "yes" : "",
  ]);
  expect(tableRows(sectionOf(page("model"), "Entities"))).toEqual(rows);
});

test("their keys", () => {
  const keys = facades.map((facade) => {
    const { pk, sk } = templatesOf(facade);
    return [facade, shown(pk), shown(sk)];
  });
  const indexed = facades
    .map((facade) => {
      const { gsi1pk, gsi1sk } = templatesOf(facade);
      return [facade, shown(gsi1pk), shown(gsi1sk)];
    })
    .filter(([, pk]) => pk !== "");
  expect(tableRows(sectionOf(page("model"), "Keys"))).toEqual([...keys, ...indexed]);
});

test("their Firestore paths", () => {
  const listed = [...sectionOf(page("firestore"), "Paths").matchAll(/^- `(\w+)`: `(.+)`$/gm)];
  expect(listed.map(([, name, path]) => [name, path])).toEqual(
    facades.map((facade) => [facade, firestorePathOf(facade)]),
  );
});

test("the members of a store, in the reference and where each is described", () => {
  const calls = Object.getOwnPropertyNames(door.EntityStore.prototype);
  const members = [...calls.filter((name) => name !== "constructor"), "entity"].sort();
  const listed = tableRows(sectionOf(page("reference"), "A store")).flatMap(([names = ""]) =>
    names.split(", "),
  );
  expect(listed.sort()).toEqual(members);
  const tables = [...tableRows(page("reading")), ...tableRows(page("writing"))];
  const described = new Set(tables.map(([call = ""]) => /^\w+(?=\()/.exec(call)?.[0]));
  expect(members.filter((name) => name !== "entity" && !described.has(name))).toEqual([]);
});

test("what a data layer and a scope have", async () => {
  const layer = door.createDataLayer({ environment: "local" });
  const parts = Object.keys(layer).filter((name) => !(name in definitions));
  const calls = parts.flatMap((name) => {
    const part = layer[name as keyof typeof layer];
    const isGroup = ["projects", "profiles", "reviews", "oauth", "collections"].includes(name);
    return isGroup ? Object.keys(part).map((call) => `${name}.${call}`) : [name];
  });
  expect(calls.length).toBeGreaterThan(15);
  expect(calls.filter((call) => !manual.includes(`data.${call}`))).toEqual([]);
  const section = sectionOf(page("reference"), "A data layer");
  expect(parts.filter((name) => !section.includes(`\`data.${name}`))).toEqual([]);
  expect(Object.keys(layer.forUser("u1"))).toEqual(
    expect.not.arrayContaining(["service", "table"]),
  );
  await layer.close();
});

test("the exported functions and classes", () => {
  const names = Object.keys(door);
  expect(names.length).toBeGreaterThan(40);
  expect(names.filter((name) => !new RegExp(`\\b${name}\\b`).test(manual))).toEqual([]);
});

test("the environments", () => {
  const rows = tableRows(sectionOf(page("configuration"), "Environments"));
  const ofVariables = (variables: Record<string, string>) => resolveConfiguration({}, variables);
  const found = [
    ofVariables({ NODE_ENV: "production", USE_LOCAL_AWS: "false" }),
    ofVariables({ USE_LOCAL_AWS: "true" }),
    ofVariables({}),
  ];
  expect(rows.slice(0, 3).map(([name, , table]) => [name, table])).toEqual(
    found.map(({ environment, tableName }) => [environment, tableName]),
  );
  expect(rows.slice(3).map((row) => row.slice(0, 3))).toEqual(
    found.map(({ environment, endpoint, region }) => [
      environment,
      endpoint ?? "the SDK's own",
      region ?? "the SDK's own",
    ]),
  );
});

test("the variables", () => {
  const names = [...sources.matchAll(/setting\(variables, "(\w+)"\)/g)].map(([, name]) => name);
  expect(names.length).toBeGreaterThan(5);
  const section = sectionOf(page("configuration"), "Variables");
  expect(names.filter((name) => !section.includes(`\`${name}\``))).toEqual([]);
});

test("the options", () => {
  const text = page("configuration");
  const options = membersOf("DataLayerOptions");
  expect(options).toContain("coalesce");
  expect(
    options.filter((name) => !text.includes(`| \`${name}\` |`) && name !== "encryption"),
  ).toEqual([]);
});

test("the error classes and their codes, each with a section", () => {
  const text = page("errors");
  const codes = new Map(
    tableRows(sectionOf(text, "Classes")).map(([name = "", code = ""]) => [name, code]),
  );
  const classes = Object.keys(door).filter((name) => /^[A-Z]\w*Error$/.test(name));
  expect([...codes.keys()].filter((name) => classes.includes(name)).sort()).toEqual(classes.sort());
  for (const [name, made] of Object.entries(madeErrors)) {
    expect([name, codes.get(name)]).toEqual([name, expect.stringContaining(made.code ?? "?")]);
    expect(sectionOf(text, name)).toMatch(/[Rr]etryable/);
  }
});

test("the fields of an event", () => {
  const fields = membersOf("RequestEvent");
  expect(fields).toContain("budgetSpent");
  const listed = tableRows(sectionOf(page("retry"), "Events")).map(([name]) => name);
  expect(listed.sort()).toEqual(fields.sort());
});

test("the guarantees, each by a test of that name", () => {
  const promises = page("guarantees")
    .split(/^- \*\*/m)
    .slice(1);
  expect(promises.length).toBeGreaterThan(30);
  const unproven = promises.filter((promise) => {
    const tests = [...promise.matchAll(/\/blob\/main\/([^)]+\.test\.ts)\) "([^"]+)"/g)];
    const exists = ([, path = "", name = ""]: RegExpMatchArray) =>
      [`"${name}"`, `\`${name}\``].some((title) =>
        readFileSync(join(root, path), "utf8").includes(title),
      );
    return tests.length === 0 || !tests.every(exists);
  });
  expect(unproven).toEqual([]);
});

test("the faults", () => {
  const union = /^export type Fault =([\s\S]*?\| "\w+");/m.exec(sources)?.[1] ?? "";
  const names = [...union.matchAll(/"(\w+)"/g)].map(([, name = ""]) => name);
  expect(names.length).toBeGreaterThan(15);
  const section = sectionOf(page("testing"), "Faults");
  expect(names.filter((name) => !section.includes(`\`${name}\``))).toEqual([]);
});

/** One of each class, made by hand. */
const madeErrors: Record<string, door.DynamoDBError> = {
  ValidationError: new door.ValidationError(""),
  ItemNotFoundError: new door.ItemNotFoundError("", ""),
  ConditionalCheckFailedError: new door.ConditionalCheckFailedError(),
  TransactionCanceledError: new door.TransactionCanceledError(),
  UnprocessedItemsError: new door.UnprocessedItemsError(""),
  ThroughputExceededError: new door.ThroughputExceededError(),
  TimeoutError: new door.TimeoutError(),
  AbortedError: new door.AbortedError(),
  ConfigurationError: new door.ConfigurationError(""),
  DecryptionError: new door.DecryptionError("", ""),
};

/** `/users/{userId}/savedContent/{contentId}`; empty for what was never in Firestore. */
function firestorePathOf(facade: FacadeName): string {
  const collection = collections().find((one) => one.facade === facade);
  if (collection === undefined) return "";
  const names = collection.ids.values();
  return `/${collection.path}/{id}`.replaceAll("{id}", () => `{${names.next().value}}`);
}
