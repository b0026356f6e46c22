/** One engine for this process and those that it starts. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { ConfigurationError } from "../../src/errors/configuration-error.js";
import setup from "../../src/testing/global-setup.js";
import {
  createTestDataLayer,
  type Engine,
  shareEngine,
  startEngine,
  type TestDataLayerOptions,
} from "../../src/testing/index.js";
import { engines } from "../engines.js";
import { failureOf } from "../open.js";

const variable = "COAGENT_TEST_ENGINE";

afterEach(() => {
  delete process.env[variable];
});

const endpointOf = async (options: { readonly engine?: TestDataLayerOptions["engine"] } = {}) => {
  const data = await createTestDataLayer(options);
  await data.project.create({ userId: "u", projectId: "p", data: { name: "n" } });
  const { engine } = data;
  await data.close();
  return engine.endpoint;
};

describe.each(engines)("shareEngine with $name", ({ engine }) => {
  let shared: Engine;

  beforeEach(async () => {
    shared = await shareEngine({ engine });
  });
  afterEach(() => shared.close());

  test("test data layers use it, each with a table of its own, and leave it running", async () => {
    for (let n = 0; n < 2; n += 1) expect(await endpointOf()).toBe(shared.endpoint);
    expect(await endpointOf({ engine })).toBe(shared.endpoint);
  });

  test("it has the name and the capabilities of the engine that was started", async () => {
    const data = await createTestDataLayer();
    expect(data.engine.name).toBe(shared.name);
    expect(data.engine.capabilities).toEqual(shared.capabilities);
    await data.close();
  });

  test("a second call returns the same one, which only the first ends", async () => {
    const again = await shareEngine();
    expect(again.endpoint).toBe(shared.endpoint);
    await again.close();
    expect(await endpointOf()).toBe(shared.endpoint);
  });

  test("a process that is started later finds it", async () => {
    const program = `process.stdout.write(JSON.parse(process.env.${variable}).endpoint)`;
    const { stdout } = await promisify(execFile)(process.execPath, ["-e", program], {
      env: { ...process.env },
    });
    expect(stdout).toBe(shared.endpoint);
  });

  test("once it is closed, test data layers start their own again", async () => {
    await shared.close();
    expect(process.env[variable]).toBeUndefined();
    expect(await endpointOf({ engine })).not.toBe(shared.endpoint);
  });

  test("an engine that is asked for by its place is another one", async () => {
    const other = await startEngine({ engine });
    expect(await endpointOf({ engine: other })).toBe(other.endpoint);
    const asked = await shareEngine({ engine: other.endpoint });
    expect(asked.endpoint).toBe(other.endpoint);
    // The first no longer is what processes are told, and ends without taking that back.
    await shared.close();
    expect(await endpointOf()).toBe(other.endpoint);
    await asked.close();
    await other.close();
  });
});

test("the set-up of test runners shares an engine, and returns what ends it", async () => {
  const end = await setup();
  const { endpoint } = JSON.parse(process.env[variable] ?? "");
  expect(await endpointOf()).toBe(endpoint);
  await end();
  expect(process.env[variable]).toBeUndefined();
  await expect(fetch(endpoint)).rejects.toThrow();
});

test.each(["", "x", "{}", "null", '{"endpoint":"file:///x","capabilities":{}}', '{"endpoint":1}'])(
  "a variable of another kind is named: %j",
  async (value) => {
    process.env[variable] = value;
    for (const call of [() => createTestDataLayer(), () => shareEngine()]) {
      const error = await failureOf(call(), ConfigurationError);
      expect(error.message).toBe(
        "COAGENT_TEST_ENGINE is not what shareEngine writes: leave this variable to it",
      );
    }
  },
);

test("an option that is not known is refused, and nothing is shared", async () => {
  const error = await failureOf(shareEngine({ motor: "dynoxide" } as never), ConfigurationError);
  expect(error.message).toMatch(/shareEngine.*motor/);
  expect(process.env[variable]).toBeUndefined();
});
