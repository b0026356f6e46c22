import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, request, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { DynamoDBDocumentClient, ScanCommand } from "@aws-sdk/lib-dynamodb";
import { type Engine, startEngine } from "../../../src/testing/engine.js";
import { bayonData, temporaryFolder } from "../run.js";

// Killed at points that this many rounds choose at random, by a seed that a failure tells; `npm test`
// has few of them, COAGENT_TEST_RUNS=20 many.
const rounds = Math.ceil(3 * Number(process.env.COAGENT_TEST_RUNS ?? 1));
const concurrency = 4;
const perUser = 40;
const users = 15;

const temporary = temporaryFolder();

let engine: Engine;
let client: DynamoDBDocumentClient;
let counter: CountingProxy;
let command: string;
let folder: string;

/** Stands between the command and the engine, and counts the items that were put. */
class CountingProxy {
  /** How often an item was put with success, by its sort key. */
  puts = new Map<string, number>();
  /** Called before each write is passed on. */
  onWrite: () => void = () => undefined;
  readonly #server: Server;

  constructor(target: string) {
    this.#server = createServer((incoming, outgoing) => {
      const chunks: Buffer[] = [];
      incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
      incoming.on("end", () => {
        const body = Buffer.concat(chunks);
        const operation = String(incoming.headers["x-amz-target"]).split(".").at(-1);
        const isWrite = operation === "PutItem" || operation === "BatchWriteItem";
        if (isWrite) this.onWrite();
        const { method, url, headers } = incoming;
        const passed = request(`${target}${url ?? "/"}`, { method, headers }, (answer) => {
          if (isWrite && answer.statusCode === 200) this.#count(body.toString());
          outgoing.writeHead(answer.statusCode ?? 500, answer.headers);
          answer.pipe(outgoing);
        });
        // Whoever asked has been killed.
        outgoing.on("error", () => undefined);
        passed.on("error", () => outgoing.destroy());
        passed.end(body);
      });
    });
  }

  #count(text: string): void {
    interface Put {
      Item: { SK: { S: string } };
    }
    const body = JSON.parse(text) as {
      Item?: Put["Item"];
      RequestItems?: Record<string, { PutRequest: Put }[]>;
    };
    const batches = Object.values(body.RequestItems ?? {}).flat();
    const items = body.Item === undefined ? batches.map((put) => put.PutRequest.Item) : [body.Item];
    for (const { SK } of items) this.puts.set(SK.S, (this.puts.get(SK.S) ?? 0) + 1);
  }

  async listen(): Promise<string> {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}

let endpoint: string;

beforeAll(async () => {
  engine = await startEngine();
  const { region, credentials } = engine;
  const connection = { endpoint: engine.endpoint, region, credentials };
  client = DynamoDBDocumentClient.from(new DynamoDBClient(connection));
  counter = new CountingProxy(engine.endpoint);
  endpoint = await counter.listen();
  folder = exported();
  // In one file it starts four times as fast.
  const root = temporary();
  copyFileSync("package.json", join(root, "package.json"));
  const options = ["--format", "esm", "--platform", "node", "--dir", join(root, "dist")];
  const bundler = "node_modules/rolldown/bin/cli.mjs";
  const built = spawnSync(process.execPath, [bundler, "scripts/cli.ts", ...options]);
  expect(built.status).toBe(0);
  command = join(root, "dist", "cli.js");
});

afterAll(async () => {
  counter.close();
  client.destroy();
  await engine.close();
});

function exported(): string {
  const to = temporary();
  const documents = Array.from({ length: users * perUser }, (_, at) => {
    const [id, parentId] = [`c${at}`, `u${Math.floor(at / perUser)}`];
    // Some can be no items.
    const data = at % 97 === 5 ? { type: at } : { type: "Note", content: `number ${at}` };
    return { id, parentId, data, path: `users/${parentId}/savedContent/${id}` };
  });
  const collectionPath = "users/{id}/savedContent";
  const file = { collectionPath, documents, count: documents.length };
  writeFileSync(join(to, "users_id_savedContent.json"), JSON.stringify(file));
  return to;
}

const connectionTo = (table: string, at: string) => [
  ...["--environment", "local", "--endpoint", at, "--table", table],
];

/** Starts the command; `kill` ends it as nothing else can. */
function start(table: string, state: string, mode: string) {
  const args = [
    ...["migrate", "firestore", folder, ...connectionTo(table, endpoint)],
    ...["--state", state, "--rejected", join(state, "rejected.ndjson")],
    ...["--on-conflict", mode, "--concurrency", String(concurrency), "--json"],
  ];
  const child = spawn(process.execPath, [command, ...args], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true" },
  });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      said += text;
    });
  }
  const closed = once(child, "close");
  return {
    kill: () => child.kill("SIGKILL"),
    ended: async () => {
      await closed;
      return { code: child.exitCode, killed: child.signalCode === "SIGKILL", said };
    },
  };
}

async function itemsOf(table: string): Promise<Record<string, unknown>[]> {
  const { Items = [] } = await client.send(
    new ScanCommand({ TableName: table, ConsistentRead: true }),
  );
  return Items.map(({ UpdatedAt, ...item }) => item).toSorted((a, b) => {
    return `${a.PK} ${a.SK}` < `${b.PK} ${b.SK}` ? -1 : 1;
  });
}

const rejectedIn = (state: string) =>
  readFileSync(join(state, "rejected.ndjson"), "utf8").trimEnd().split("\n").toSorted();

/** Numbers from 0 to 1, the same for the same seed. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    return state / 2 ** 31;
  };
}

test(`killed ${rounds} times at random points it ends as if it had not been`, async () => {
  const seed = Date.now() % 1_000_000;
  const random = randomFrom(seed);
  const undisturbed = temporary();
  await bayonData(["table", "create", ...connectionTo("Undisturbed", engine.endpoint)]);
  const whole = await start("Undisturbed", undisturbed, "skip").ended();
  expect(whole.code).toBe(1);
  const expected = await itemsOf("Undisturbed");
  expect(expected.length).toBe(users * perUser - 7);

  for (let round = 0; round < rounds; round += 1) {
    const mode = round % 2 === 0 ? "overwrite" : "skip";
    const table = `Killed-${round}`;
    const state = temporary();
    await bayonData(["table", "create", ...connectionTo(table, engine.endpoint)]);
    counter.puts.clear();
    const writes = mode === "overwrite" ? Math.ceil((users * perUser) / 25) : expected.length;
    let left = 1 + Math.floor(random() * writes);
    const victim = start(table, state, mode);
    counter.onWrite = () => {
      left -= 1;
      // This write has no answer yet: whoever waits for it is not at its end.
      if (left === 0) victim.kill();
    };
    const first = await victim.ended();
    counter.onWrite = () => undefined;
    const told = { seed, round, mode };
    expect({ ...told, killed: first.killed }).toEqual({ ...told, killed: true });
    const last = await start(table, state, mode).ended();
    expect({ ...told, code: last.code, said: last.said }).toMatchObject({ ...told, code: 1 });
    const items = await itemsOf(table);
    expect({ ...told, items: items.length }).toEqual({ ...told, items: expected.length });
    expect(items).toEqual(expected);
    expect(rejectedIn(state)).toEqual(rejectedIn(undisturbed));
    const { summary } = JSON.parse(last.said.trim().split("\n").at(-1) ?? "") as {
      summary: Record<string, number>;
    };
    const { documents, written, identical, kept, rejected } = summary;
    const outcomes = { documents, written, identical, kept, rejected };
    expect({ ...told, ...outcomes }).toEqual({
      ...told,
      ...{
        documents: users * perUser,
        written: expected.length,
        identical: 0,
        kept: 0,
        rejected: 7,
      },
    });
    const twice = [...counter.puts.values()].reduce((sum, times) => sum + times - 1, 0);
    const allowed = mode === "overwrite" ? concurrency * 25 : 0;
    expect({ ...told, tooMany: Math.max(0, twice - allowed) }).toEqual({ ...told, tooMany: 0 });
    rmSync(state, { recursive: true, force: true });
  }
}, 300_000);
