import { once } from "node:events";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, request, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { DynamoDBDocumentClient, ScanCommand } from "@aws-sdk/lib-dynamodb";
import { type Engine, startEngine } from "../../../src/testing/engine.js";
import { bayonData, script, temporaryFolder } from "../run.js";

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

const argsFor = (table: string, state: string, mode: string) => [
  ...["migrate", "firestore", folder, ...connectionTo(table, endpoint)],
  ...["--state", state, "--rejected", join(state, "rejected.ndjson")],
  ...["--on-conflict", mode, "--concurrency", String(concurrency), "--json"],
];

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
  // Only what is killed needs a process of its own.
  const whole = await bayonData(argsFor("Undisturbed", undisturbed, "skip"));
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
    const victim = script("cli.ts", argsFor(table, state, mode));
    counter.onWrite = () => {
      left -= 1;
      // This write has no answer yet: whoever waits for it is not at its end.
      if (left === 0) victim.child.kill("SIGKILL");
    };
    await victim.ended();
    counter.onWrite = () => undefined;
    const told = { seed, round, mode };
    expect({ ...told, by: victim.child.signalCode }).toEqual({ ...told, by: "SIGKILL" });
    const last = await bayonData(argsFor(table, state, mode));
    expect({ ...told, ...last }).toMatchObject({ ...told, code: 1 });
    const items = await itemsOf(table);
    expect({ ...told, items: items.length }).toEqual({ ...told, items: expected.length });
    expect(items).toEqual(expected);
    expect(rejectedIn(state)).toEqual(rejectedIn(undisturbed));
    const { summary } = JSON.parse(last.out.trim().split("\n").at(-1) ?? "") as {
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
