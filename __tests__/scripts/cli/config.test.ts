/** The configuration file of the commands: where it is found, what wins over it, and what `config` prints of it. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { findConfigFile } from "../../../scripts/raw/config-file.js";
import { startEngine } from "../../../src/testing/index.js";
import { bayonData, temporaryFolder } from "../run.js";

const folder = temporaryFolder();

/** A package with a folder in it. */
function newPackage(): { readonly root: string; readonly inner: string } {
  const root = folder();
  const inner = join(root, "src", "data");
  mkdirSync(inner, { recursive: true });
  writeFileSync(join(root, "package.json"), "{}");
  return { root, inner };
}

const names = ["COAGENT_ENV", "USE_LOCAL_AWS", "NODE_ENV", "DYNAMODB_TABLE_NAME", "AWS_REGION"];
const further = ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_DYNAMODB", "AWS_ACCESS_KEY_ID"];
let before: NodeJS.ProcessEnv;
beforeEach(() => {
  before = { ...process.env };
  for (const name of [...names, ...further]) delete process.env[name];
});
afterEach(() => {
  for (const name of Object.keys(process.env)) delete process.env[name];
  Object.assign(process.env, before);
});

/** A file of settings; a test names it, because all tests of a process share its folder. */
function configOf(settings: object): string {
  const file = join(folder(), "bayon-data.config.json");
  writeFileSync(file, JSON.stringify(settings));
  return file;
}

async function resolved(
  ...flags: string[]
): Promise<Record<string, [value: string, from: string]>> {
  const { code, out, complaints } = await bayonData(["config", "--json", ...flags]);
  expect({ code, complaints }).toEqual({ code: 0, complaints: "" });
  const { settings } = JSON.parse(out) as {
    readonly settings: readonly { setting: string; value: string; from: string }[];
  };
  return Object.fromEntries(settings.map(({ setting, value, from }) => [setting, [value, from]]));
}

describe("the file of a package", () => {
  test("is found from a folder in it, the nearest one first", () => {
    const { root, inner } = newPackage();
    expect(findConfigFile(inner)).toBeUndefined();
    writeFileSync(join(root, "bayon-data.config.ts"), "");
    expect(findConfigFile(inner)).toBe(join(root, "bayon-data.config.ts"));
    writeFileSync(join(inner, "bayon-data.config.mjs"), "");
    expect(findConfigFile(inner)).toBe(join(inner, "bayon-data.config.mjs"));
  });

  test("is not looked for above the package", () => {
    const { root, inner } = newPackage();
    writeFileSync(join(root, "bayon-data.config.js"), "");
    writeFileSync(join(inner, "package.json"), "{}");
    expect(findConfigFile(inner)).toBeUndefined();
  });

  test("is refused if there are two", () => {
    const { root, inner } = newPackage();
    writeFileSync(join(root, "bayon-data.config.ts"), "");
    writeFileSync(join(root, "bayon-data.config.js"), "");
    expect(() => findConfigFile(inner)).toThrow("keep one of them, or name one with --config");
  });
});

describe("the order of settings", () => {
  const settings = {
    environment: "development",
    tableName: "FromFile",
    region: "eu-west-1",
    endpoint: "http://127.0.0.1:9",
  };

  test("without anything is that of the defaults", async () => {
    expect(await resolved()).toMatchObject({
      environment: ["development", "default"],
      table: ["BayonCoAgent-development", "default"],
      file: ["none", ""],
    });
  });

  test("a file wins over the defaults, a variable over the file, an option over the variable", async () => {
    const config = configOf(settings);
    const file = `--config ${config}`;
    expect(await resolved("--config", config)).toMatchObject({
      environment: ["development", file],
      table: ["FromFile", file],
      region: ["eu-west-1", file],
      endpoint: ["http://127.0.0.1:9", file],
    });
    process.env.DYNAMODB_TABLE_NAME = "FromVariable";
    process.env.AWS_REGION = "us-west-2";
    process.env.AWS_ENDPOINT_URL = "http://127.0.0.1:8";
    expect(await resolved("--config", config)).toMatchObject({
      table: ["FromVariable", "DYNAMODB_TABLE_NAME"],
      region: ["us-west-2", "AWS_REGION"],
      endpoint: ["http://127.0.0.1:8", "AWS_ENDPOINT_URL"],
    });
    expect(await resolved("--config", config, "--table", "FromOption")).toMatchObject({
      table: ["FromOption", "--table"],
      region: ["us-west-2", "AWS_REGION"],
    });
  });

  test("a file's table is not taken for another environment's", async () => {
    const config = configOf(settings);
    const file = `--config ${config}`;
    expect(await resolved("--config", config, "--environment", "production")).toMatchObject({
      environment: ["production", "--environment"],
      table: ["BayonCoAgent-prod", "default"],
      endpoint: ["of AWS", "default"],
    });
    process.env.COAGENT_ENV = "development";
    expect(await resolved("--config", config)).toMatchObject({
      environment: ["development", "COAGENT_ENV"],
      table: ["FromFile", file],
    });
    process.env.USE_LOCAL_AWS = "true";
    delete process.env.COAGENT_ENV;
    expect(await resolved("--config", config)).toMatchObject({
      environment: ["local", "USE_LOCAL_AWS"],
      table: ["BayonCoAgent-local", "default"],
    });
  });

  test("no secret is printed", async () => {
    process.env.AWS_ACCESS_KEY_ID = "AKIAVERYSECRET";
    process.env.AWS_SECRET_ACCESS_KEY = "very-secret";
    const { out } = await bayonData(["config"]);
    expect(out).toContain("AWS_ACCESS_KEY_ID");
    expect(out).not.toMatch(/VERYSECRET|very-secret/);
  });

  test("what is wrong in a file is reported with its name", async () => {
    const wrong = async (value: object | string) => {
      const file = join(folder(), "settings.json");
      writeFileSync(file, typeof value === "string" ? value : JSON.stringify(value));
      const { code, complaints } = await bayonData(["config", "--config", file]);
      expect(code).toBe(2);
      expect(complaints).toContain(file);
      return complaints;
    };
    expect(await wrong({ environment: "prod" })).toContain("production, development or local");
    expect(await wrong({ tableNam: "T" })).toContain('did you mean "tableName"?');
    expect(await wrong({ other: 1 })).toContain("must export entities");
    expect(await wrong("{")).toContain("cannot be loaded");
    expect(await wrong("[]")).toContain("must be an object of settings");
  });
});

test("a command works on the file's table", async () => {
  const engine = await startEngine();
  const place = { environment: "local", tableName: "OfFile", endpoint: engine.endpoint };
  const config = configOf(place);
  try {
    const created = await bayonData(["table", "create", "--config", config]);
    expect(created).toMatchObject({ code: 0, complaints: "" });
    expect(created.out).toContain(`OfFile at ${engine.endpoint}: created`);
    const { out } = await bayonData(["doctor", "--schema", "--config", config]);
    expect(out).toContain("OfFile at");
  } finally {
    await engine.close();
  }
});
