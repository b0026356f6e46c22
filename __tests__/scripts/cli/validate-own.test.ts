/** `bayon-data validate --config` tries the stores of an application's own entities, too. */
import { resolve } from "node:path";
import { ScanCommand } from "@aws-sdk/client-dynamodb";
import { startEngine } from "../../../src/testing/index.js";
import { engines } from "../../engines.js";
import { bareClient } from "../../open.js";
import { generatedRegistry } from "../../subjects.js";
import { bayonData } from "../run.js";

const configOf = (name: string) => ["--config", resolve(__dirname, `../${name}`)];

describe.each(engines)("on $name", ({ engine: name }) => {
  let engine: Awaited<ReturnType<typeof startEngine>>;
  beforeAll(async () => {
    engine = await startEngine({ engine: name });
  });
  afterAll(() => engine.close());

  async function tableOf(table: string, config: readonly string[]) {
    const place = ["--environment", "local", "--endpoint", engine.endpoint, "--table", table];
    const flags = [...place, ...config];
    expect((await bayonData(["table", "create", ...flags])).code).toBe(0);
    return flags;
  }
  async function itemsIn(TableName: string): Promise<unknown[]> {
    const client = bareClient({ engine } as never);
    const { Items = [] } = await client.send(new ScanCommand({ TableName }));
    client.destroy();
    return Items;
  }

  test("beside the twelve, and leaves nothing behind", async () => {
    const flags = await tableOf("WithTwelve", configOf("own-config.ts"));
    const { code, out } = await bayonData(["validate", ...flags]);
    expect(out).not.toContain("FAIL");
    expect(out).not.toContain("Not tried");
    expect(code).toBe(0);
    const passed = out.match(/^ok /gm)?.length ?? 0;
    expect(passed).toBeGreaterThan(40);
    expect(out).toMatch(new RegExp(`^${passed} checks passed, in [^\\n]+\\n$`, "m"));
    expect(await itemsIn("WithTwelve")).toEqual([]);
  });

  test("of any kind, without the twelve; one that cannot be tried is named", async () => {
    const flags = await tableOf("Generated", configOf("generated-config.ts"));
    const { code, out } = await bayonData(["validate", ...flags]);
    expect(out).not.toContain("FAIL");
    expect(code).toBe(0);
    expect(out.match(/^ok /gm)?.length).toBeGreaterThan(15);
    const shared = generatedRegistry.filter(({ owner }) => owner.length === 0);
    expect(out.match(/^Not tried: .*$/gm)).toEqual(
      shared.map((one) => `Not tried: ${one.name} (its partition has everybody's items)`),
    );
    expect(shared.length).toBeGreaterThan(0);
    expect(await itemsIn("Generated")).toEqual([]);
  });
});
