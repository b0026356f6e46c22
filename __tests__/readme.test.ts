import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { transformSync } from "@swc/core";
import {
  anchorsOf,
  type CodeBlock,
  codeBlocks,
  linksOf,
  readReadme,
  sectionOf,
  tableRows,
  typeErrors,
} from "../scripts/check-readme.js";
import { collections } from "../scripts/firestore/collections.js";
import { runCommandLine } from "../scripts/program.js";
import { createTerminal } from "../scripts/terminal.js";
import { definitions, type FacadeName } from "../services/entities.js";
import { resolveConfiguration } from "../src/config.js";
import * as errors from "../src/errors.js";
import * as door from "../src/index.js";
import { type KeyTemplates, keyTemplates } from "../src/table.js";
import * as testing from "../src/testing/index.js";
import { engines } from "./engines.js";

const root = join(__dirname, "..");
const readme = readReadme(root);
const blocks = codeBlocks(readme).filter(({ language }) => language === "ts");

test("every block of TypeScript compiles", () => {
  expect(blocks.length).toBeGreaterThan(10);
  expect(typeErrors(root, blocks)).toEqual([]);
}, 60_000);

describe("every block of TypeScript runs", () => {
  const variables = { ...process.env };
  let data: testing.TestDataLayer;
  beforeAll(async () => {
    data = await testing.createTestDataLayer({ engine: engines[0]?.engine });
    for (const name of Object.keys(testing.fixtures) as FacadeName[]) {
      // Each store takes its own fixture; a loop over all of them gives up whose is whose.
      await (data[name].put as (item: object) => Promise<unknown>)(testing.fixtures[name]);
    }
    Object.assign(globalThis, { data, userId: "user-1" });
    Object.assign(process.env, {
      USE_LOCAL_AWS: "true",
      DYNAMODB_TABLE_NAME: data.configuration.tableName,
      AWS_ENDPOINT_URL_DYNAMODB: data.engine.endpoint,
    });
    jest.spyOn(console, "log").mockImplementation();
  });
  afterAll(async () => {
    jest.restoreAllMocks();
    door.resetRepository();
    door.resetClients();
    for (const name of ["USE_LOCAL_AWS", "DYNAMODB_TABLE_NAME", "AWS_ENDPOINT_URL_DYNAMODB"]) {
      if (variables[name] === undefined) delete process.env[name];
      else process.env[name] = variables[name];
    }
    await data.close();
  });

  test.each(blocks.map((block) => [`README.md:${block.line}`, block] as const))(
    "%s",
    async (_, block) => {
      if (block.code.includes("transaction.") && !data.engine.capabilities.transactions) return;
      await run(block);
    },
    20_000,
  );
});

describe("says what the sources say", () => {
  test("of the entities, their keys and Firestore paths", () => {
    const rows = Object.keys(definitions).map((name) => {
      const facade = name as FacadeName;
      const { schema } = definitions[facade].entity({});
      const entity = schema.model.entity;
      const { pk, sk, gsi1pk = "", gsi1sk = "" }: KeyTemplates = keyTemplates[entity];
      const keys = [pk, sk, gsi1pk, gsi1sk].map((key) => key.replaceAll(/\$\{(\w+)\}/g, "<$1>"));
      return [entity, facade, ...keys, firestorePathOf(facade)];
    });
    expect(tableRows(sectionOf(readme, "Entities"))).toEqual(rows);
  });

  test("of the stores' calls", () => {
    const described = tableRows(sectionOf(readme, "The store")).map(([call = ""]) => nameIn(call));
    const calls = Object.getOwnPropertyNames(door.EntityStore.prototype);
    expect([...described].sort()).toEqual(
      [...calls.filter((name) => name !== "constructor"), "entity"].sort(),
    );
  });

  test("of what a data layer and a scope have", async () => {
    const layer = door.createDataLayer({ environment: "local" });
    const parts = Object.keys(layer).filter((name) => !(name in definitions));
    const calls = parts.flatMap((name) => {
      const part = layer[name as keyof typeof layer];
      const isGroup = ["projects", "profiles", "reviews", "oauth", "collections"].includes(name);
      return isGroup ? Object.keys(part).map((call) => `${name}.${call}`) : [name];
    });
    const missing = calls.filter((call) => !readme.includes(`data.${call}`) && call !== "close");
    expect(missing).toEqual([]);
    expect(Object.keys(layer.forUser("u1"))).toEqual(
      expect.not.arrayContaining(["service", "table"]),
    );
    await layer.close();
  });

  test("of the commands", async () => {
    const commands = (await commandsOf()).filter((name) => name !== "table");
    commands.push(...(await commandsOf("table")).map((name) => `table ${name}`));
    expect(commands).toEqual(expect.arrayContaining(["seed", "table create"]));
    const section = sectionOf(readme, "In scripts");
    expect(commands.filter((name) => !section.includes(`\`bayon-data ${name}`))).toEqual([]);
  });

  test("of the environments", () => {
    const rows = tableRows(sectionOf(readme, "Configuration"));
    const ofVariables = (variables: Record<string, string>) => resolveConfiguration({}, variables);
    const found = [
      ofVariables({ NODE_ENV: "production", USE_LOCAL_AWS: "false" }),
      ofVariables({ USE_LOCAL_AWS: "true" }),
      ofVariables({}),
    ].map(({ environment, tableName, endpoint, region }) => [
      environment,
      tableName,
      endpoint ?? "the SDK's own",
      region ?? "the SDK's own",
    ]);
    expect(rows.map(([name, , ...rest]) => [name, ...rest.slice(0, 3)])).toEqual(found);
  });

  test("of the variables", () => {
    const source = readFileSync(join(root, "src", "config.ts"), "utf8");
    const names = [...source.matchAll(/setting\(variables, "(\w+)"\)/g)].map(([, name]) => name);
    expect(names.length).toBeGreaterThan(5);
    const section = sectionOf(readme, "Configuration");
    expect(names.filter((name) => !section.includes(`\`${name}\``))).toEqual([]);
  });

  test("of the options", () => {
    const section = sectionOf(readme, "Configuration");
    const source = readFileSync(join(root, "src", "data-layer.ts"), "utf8");
    const body = /interface DataLayerOptions [^{]*\{([\s\S]*?)^\}/m.exec(source)?.[1] ?? "";
    const options = [...body.matchAll(/readonly (\w+)\?:/g)].map(([, name]) => name);
    expect(options).toContain("coalesce");
    expect(options.filter((name) => !section.includes(`\`${name}\``))).toEqual([]);
  });

  test("of the error classes and their codes", () => {
    const codes = new Map(
      tableRows(sectionOf(readme, "Errors")).map(([name = "", code = ""]) => [name, code]),
    );
    const classes = Object.entries(errors).filter(
      ([name]) => name.endsWith("Error") && /^[A-Z]/.test(name),
    );
    expect([...codes.keys()].sort()).toEqual(classes.map(([name]) => name).sort());
    for (const [name, made] of Object.entries(madeErrors)) {
      expect([name, codes.get(name)]).toEqual([name, expect.stringContaining(made.code ?? "?")]);
    }
  });

  test("of the guarantees, each by a test of that name", () => {
    const rows = tableRows(sectionOf(readme, "Guarantees"));
    expect(rows.length).toBeGreaterThan(30);
    const unheld = rows.filter(([, heldBy = ""]) => {
      const tests = [...heldBy.matchAll(/\]\(([^)]+)\) "([^"]+)"/g)];
      const isThere = ([, path = "", name = ""]: RegExpMatchArray) =>
        [`"${name}"`, `\`${name}\``].some((title) =>
          readFileSync(join(root, path), "utf8").includes(title),
        );
      return tests.length === 0 || !tests.every(isThere);
    });
    expect(unheld).toEqual([]);
  });

  test("of the key functions", () => {
    const functions = Object.keys(door).filter((name) =>
      /^(?:get\w+Keys|getUserItemPrefix|extract\w+)$/.test(name),
    );
    expect(functions.length).toBeGreaterThan(12);
    expect(functions.filter((name) => !readme.includes(`\`${name}\``))).toEqual([]);
  });
});

describe("leads somewhere", () => {
  test("by every link", () => {
    const anchors = anchorsOf(readme);
    const dead = linksOf(readme).filter((link) =>
      link.startsWith("#") ? !anchors.includes(link.slice(1)) : !existsSync(join(root, link)),
    );
    expect(dead).toEqual([]);
  });

  test("from the contents to every chapter", () => {
    const chapters = [...readme.matchAll(/^## (.+)$/gm)].map(([, heading]) => heading);
    const listed = [...sectionOf(readme, "Contents").matchAll(/\[(.+?)\]/g)].map(
      ([, name]) => name,
    );
    expect(chapters.filter((name) => name !== "Contents" && name !== "Licence")).toEqual(listed);
  });
});

const madeErrors: Record<string, errors.DynamoDBError> = {
  ValidationError: new errors.ValidationError(""),
  ItemNotFoundError: new errors.ItemNotFoundError("", ""),
  ConditionalCheckFailedError: new errors.ConditionalCheckFailedError(),
  TransactionCanceledError: new errors.TransactionCanceledError(),
  UnprocessedItemsError: new errors.UnprocessedItemsError(""),
  ThroughputExceededError: new errors.ThroughputExceededError(),
  TimeoutError: new errors.TimeoutError(),
  AbortedError: new errors.AbortedError(),
  ConfigurationError: new errors.ConfigurationError(""),
  DecryptionError: new errors.DecryptionError("", ""),
};

/** `/users/{userId}/savedContent/{contentId}`; empty for what was never in Firestore. */
function firestorePathOf(facade: FacadeName): string {
  const collection = collections.find((one) => one.facade === facade);
  if (collection === undefined) return "";
  const names = collection.ids.values();
  return `/${collection.path}/{id}`.replaceAll("{id}", () => `{${names.next().value}}`);
}

/** The commands that the help of `bayon-data` lists. */
async function commandsOf(...args: string[]): Promise<string[]> {
  let help = "";
  const output = { write: (text: string) => (help += text) };
  const terminal = createTerminal({ stdout: output, stderr: output, variables: {} });
  const { signal } = new AbortController();
  await runCommandLine([...args, "--help"], { terminal, signal, version: "0.0.0" });
  // Commands are listed in groups; options begin with a dash, examples with a dollar.
  const names = [...help.matchAll(/^ {2}([a-z]+)/gm)].map(([, name = ""]) => name);
  return names.filter((name) => name !== "help");
}

/** The name of a call as a table's cell writes it: `get` of `get(key, …)`. */
function nameIn(cell: string): string {
  return /^\w+/.exec(cell)?.[0] ?? "";
}

type Hook = () => unknown;

/** Runs a block; where it holds tests, runs them with their hooks, one after the other. */
async function run({ code }: CodeBlock): Promise<void> {
  const compiled = transformSync(code, {
    swcrc: false,
    jsc: { parser: { syntax: "typescript" }, target: "es2022" },
    module: { type: "commonjs" },
  }).code;
  const hooks: Record<"beforeAll" | "beforeEach" | "afterAll", Hook[]> = {
    beforeAll: [],
    beforeEach: [],
    afterAll: [],
  };
  const tests: Hook[] = [];
  const given = {
    exports: {},
    require: (id: string): unknown => {
      if (id === "bayon-coagent-data") return door;
      return id === "bayon-coagent-data/testing" ? testing : require(id);
    },
    beforeAll: (hook: Hook) => hooks.beforeAll.push(hook),
    beforeEach: (hook: Hook) => hooks.beforeEach.push(hook),
    afterAll: (hook: Hook) => hooks.afterAll.push(hook),
    test: (_: string, body: Hook) => tests.push(body),
    jest,
  };
  // A block may await at its top, as a module may.
  const AsyncFunction = (async () => undefined).constructor as FunctionConstructor;
  await new AsyncFunction(...Object.keys(given), compiled)(...Object.values(given));
  try {
    for (const hook of hooks.beforeAll) await hook();
    for (const body of tests) {
      for (const hook of hooks.beforeEach) await hook();
      await body();
    }
  } finally {
    for (const hook of hooks.afterAll) await hook();
  }
}
