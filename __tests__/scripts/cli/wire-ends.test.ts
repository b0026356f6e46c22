/**
 * How whole commands end where answers stall, drip, are empty, garbage or somebody else's: right, or
 * with an error. Never with 0 and a part, and never not at all.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { DeleteCommand } from "@aws-sdk/lib-dynamodb";
import { type FaultProxy, startFaultProxy, type WireRule } from "../../../src/testing/index.js";
import { OrderlyHandler } from "../../../src/wire/request-handler.js";
import { both, isSealed, variableOf } from "../../encryption/keys.js";
import { engines } from "../../engines.js";
import { type RawItem, type WholeTable, wholeTables } from "../raw.js";
import { bayonData, type Ran, temporaryFolder } from "../run.js";
import { flagsThrough, hitsOf, ofItems, smallPages, wireFaults } from "../wire-faults.js";

const temporary = temporaryFolder();
const newTable = wholeTables(engines[0]?.engine ?? "");
/** Of all faults at all requests `npm test` tries some; COAGENT_TEST_RUNS tries each. */
const runs = Number(process.env.COAGENT_TEST_RUNS ?? 1);
jest.setTimeout(runs > 1 ? 600_000 : 120_000);
const operations = [...ofItems, "DescribeTable"] as const;
const variable = "COAGENT_ENCRYPTION_KEYS";

beforeAll(() => {
  process.env[variable] = variableOf(both);
});
const proxies: FaultProxy[] = [];
afterEach(async () => {
  for (const proxy of proxies.splice(0)) await proxy.close();
});
afterAll(() => {
  delete process.env[variable];
});

/** As the layer sends, but with limits that a test can wait for, in ms. */
const within = (idleMs: number) => ({
  requestHandler: () =>
    new OrderlyHandler({ requestTimeout: idleMs }, { idleMs, wholeMs: idleMs * 2 }),
  initialDelayMs: 1,
});

const users = Array.from({ length: 12 }, (_, at) => `u${at}`);
const created = 1_600_000_000_000;
const content = (userId: string): RawItem => ({
  PK: `USER#${userId}`,
  SK: "CONTENT#c1",
  EntityType: "SavedContent",
  Data: { type: "Note", content: "text", createdAt: created },
  UpdatedAt: created,
});
const token = (userId: string): RawItem => ({
  PK: `OAUTH#${userId}`,
  SK: "GOOGLE_BUSINESS",
  EntityType: "OAuthToken",
  userId,
  provider: "GOOGLE_BUSINESS",
  Data: { accessToken: `access-${userId}`, refreshToken: `refresh-${userId}`, expiryDate: 5 },
  CreatedAt: created,
  UpdatedAt: created,
});
const items = users.flatMap((userId) => [content(userId), token(userId)]);
const size = items.length;

const documents = users.map((userId) => ({
  id: "c1",
  parentId: userId,
  data: { type: "Note", content: "text", createdAt: created },
  path: `users/${userId}/savedContent/c1`,
}));

function firestoreExport(): string {
  const folder = temporary();
  const file = { collectionPath: "users/{id}/savedContent", documents, count: documents.length };
  writeFileSync(join(folder, "users_id_savedContent.json"), JSON.stringify(file));
  return folder;
}

function linesOf(folder: string): string[] {
  if (!existsSync(join(folder, "data"))) return [];
  const names = readdirSync(join(folder, "data")).filter((name) => name.endsWith(".json.gz"));
  const texts = names.map((name) => gunzipSync(readFileSync(join(folder, "data", name))));
  return texts.join("").split("\n").filter(Boolean).toSorted();
}

/** A command on a table of its own, or on one that it only reads. */
interface Prepared {
  readonly table: WholeTable;
  readonly args: readonly string[];
  /** What must be so after an end with 0, or with the findings that the command is to find. */
  right(ran: Ran): Promise<void>;
  /** What must not be so after a failure. */
  readonly notDone?: () => void;
  /** The exit code of a right end. @default 0 */
  readonly code?: number;
}

const lastOf = ({ out }: Ran) =>
  JSON.parse(out.trim().split("\n").at(-1) ?? "") as Record<string, unknown>;

async function filled(): Promise<WholeTable> {
  const table = await newTable();
  await table.put(...items);
  return table;
}
let readOnly: Promise<WholeTable> | undefined;
const shared = () => {
  readOnly ??= filled();
  return readOnly;
};
let exportOfIt: Promise<string> | undefined;
const exported = () => {
  exportOfIt ??= (async () => {
    const dir = temporary();
    const { flags } = await shared();
    expect(await bayonData(["export", dir, ...flags])).toMatchObject({ code: 0 });
    return dir;
  })();
  return exportOfIt;
};

const segments = ["--concurrency", "2", "--json"];

const commands: Readonly<Record<string, () => Promise<Prepared>>> = {
  export: async () => {
    const [table, dir] = [await shared(), temporary()];
    const wanted = linesOf(await exported());
    return {
      table,
      args: ["export", dir, ...segments],
      right: async (ran) => {
        expect(linesOf(dir)).toEqual(wanted);
        expect(lastOf(ran)).toMatchObject({ items: size });
      },
      notDone: () => expect(existsSync(join(dir, "manifest.json"))).toBe(false),
    };
  },
  import: async () => {
    const table = await newTable();
    return {
      table,
      args: ["import", await exported(), "--state", temporary(), ...segments],
      right: async (ran) => {
        expect(await table.all()).toHaveLength(size);
        const outcomes = { written: size, skipped: 0, rejected: 0 };
        expect(lastOf(ran)).toMatchObject({ account: { read: size, outcomes } });
      },
    };
  },
  rotate: async () => {
    const table = await filled();
    return {
      table,
      args: ["rotate", "--state", temporary(), ...segments],
      right: async (ran) => {
        const tokens = (await table.all()).filter(({ EntityType }) => EntityType === "OAuthToken");
        const secrets = tokens.map(({ Data }) => (Data as RawItem).refreshToken);
        expect(secrets.map(isSealed)).toEqual(users.map(() => true));
        expect(lastOf(ran)).toMatchObject({
          rotated: { "(clear text)": 2 * users.length },
          account: {
            read: size,
            outcomes: { "without secrets": users.length, "dealt with": users.length, left: 0 },
          },
        });
      },
    };
  },
  adopt: async () => {
    const table = await filled();
    return {
      table,
      args: ["adopt", "--state", temporary(), ...segments],
      right: async (ran) => {
        expect((await table.all()).filter(({ userId }) => userId === undefined)).toEqual([]);
        const outcomes = { adopted: users.length, complete: users.length, left: 0 };
        expect(lastOf(ran)).toMatchObject({ account: { read: size, outcomes } });
      },
    };
  },
  doctor: async () => ({
    table: await shared(),
    args: ["doctor", ...segments],
    code: 1,
    right: async (ran) => {
      expect(lastOf(ran)).toMatchObject({
        wholeTable: true,
        counts: { missingParts: users.length, clearSecret: 2 * users.length },
        account: { read: size, outcomes: { "of an entity": size, "of none": 0 } },
      });
    },
  }),
  verify: async () => {
    const [table, folder] = [await newTable(), firestoreExport()];
    const moved = ["migrate", "firestore", folder, ...table.flags, "--state", temporary()];
    expect(await bayonData(moved)).toMatchObject({ code: 0 });
    const [first, second] = await table.all();
    await table.put({ ...first, SK: "CONTENT#extra" });
    const Key = { PK: second?.PK, SK: second?.SK };
    await table.client.send(new DeleteCommand({ TableName: table.name, Key }));
    return {
      table,
      args: ["verify", "firestore", folder, ...segments],
      code: 1,
      right: async (ran) => {
        const { summary } = lastOf(ran) as { summary: object };
        const same = users.length - 1;
        expect(summary).toMatchObject({
          ...{ documents: users.length, same, missing: 1, extra: 1, wrong: 0, there: same },
          met: same,
          accounts: { items: { read: users.length } },
        });
      },
    };
  },
  migrate: async () => {
    const [table, state] = [await newTable(), temporary()];
    const own = ["--state", state, "--rejected", join(state, "rejected.ndjson")];
    return {
      table,
      args: ["migrate", "firestore", firestoreExport(), ...own, ...segments],
      right: async (ran) => {
        expect(await table.all()).toHaveLength(users.length);
        const counts = { documents: users.length, written: users.length, rejected: 0 };
        expect(lastOf(ran)).toMatchObject({ summary: counts });
      },
    };
  },
  rollback: async () => {
    const [table, state] = [await newTable(), temporary()];
    const own = ["--state", state, "--rejected", join(state, "rejected.ndjson")];
    const moved = ["migrate", "firestore", firestoreExport(), ...table.flags, ...own];
    expect(await bayonData(moved)).toMatchObject({ code: 0 });
    return {
      table,
      args: ["rollback", "--state", state, "--json"],
      right: async (ran) => {
        expect(await table.all()).toEqual([]);
        const counts = { deleted: users.length, gone: 0, left: 0 };
        expect(lastOf(ran)).toMatchObject({ summary: counts });
      },
    };
  },
};
const names = Object.keys(commands);

/** The command behind a proxy; its journal knows the table by the engine's address. */
async function behindProxy({ table, args }: Prepared) {
  const pages = await smallPages(table.data.engine.endpoint, 5);
  const proxy = await startFaultProxy({ target: pages.url });
  proxies.push(proxy, pages);
  const state = args[args.indexOf("--state") + 1] ?? "";
  const journal = join(state, "journal.ndjson");
  if (args[0] === "rollback") {
    const text = readFileSync(journal, "utf8");
    writeFileSync(journal, text.replaceAll(table.data.engine.endpoint, proxy.url));
  }
  const flags = flagsThrough(proxy, table.name);
  const run = (idleMs: number) =>
    bayonData([...args, ...flags], new AbortController().signal, within(idleMs));
  return { proxy, run };
}

/** What of a fault depends on the longest time without a byte, in ms. */
const faults: Readonly<Record<string, (idleMs: number) => WireRule>> = {
  "an empty 200": () => wireFaults["an empty 200"],
  "a 200 of somebody else's JSON": () => wireFaults["a 200 of somebody else's JSON"],
  "a body that is cut off": () => wireFaults["a body that is cut off"],
  garbage: () => ({ fault: "tlsAlert" }),
  "an answer that stalls": () => ({ fault: "stallInBody" }),
  // Of twenty pieces each comes in time, and all of them in more than four times the time for a whole
  // answer: its clock is looked at twice a second.
  "an answer that drips": (idleMs) => ({ fault: "dripInBody", delayMs: 10 * idleMs }),
};

function ruleOf(name: string, idleMs: number, more: WireRule): WireRule {
  return { ...faults[name]?.(idleMs), operation: operations, ...more };
}

/** Those of which nothing is left to do but wait. */
const slow = ["an answer that stalls", "an answer that drips"];
const quick = Object.keys(faults).filter((name) => !slow.includes(name));
const longRun = runs > 1;
/** A machine that is busy is no wire that is slow. */
const patienceMs = 3_000;

/** What people are told of an answer that is none; a time-out says that there was no answer. */
const clear = /^(?:UnreadableAnswer: .*read|ECONNRESET: no answer|TimeoutError: no answer)/;

async function broken(command: string, name: string, from: number): Promise<void> {
  const prepared = await (commands[command] as () => Promise<Prepared>)();
  const { proxy, run } = await behindProxy(prepared);
  const idleMs = slow.includes(name) ? 200 : patienceMs;
  proxy.inject(ruleOf(name, idleMs, { after: from - 1, times: Number.POSITIVE_INFINITY }));
  const ran = await run(idleMs);
  const told = { command, name, from, code: ran.code, complaints: ran.complaints };
  expect(told).toEqual({ ...told, code: 1 });
  expect(hitsOf(proxy)).toBeGreaterThan(1);
  const complaint = ran.complaints.trim().split("\n").at(-1) ?? "";
  const { error } = JSON.parse(complaint) as { error: { code: string; message: string } };
  const said = `${error.code}: ${error.message}`;
  expect({ command, name, said }).toEqual({ command, name, said: expect.stringMatching(clear) });
  prepared.notDone?.();
  // The wire is well again: the same command goes on, and ends as it should.
  proxy.clear();
  const again = await run(patienceMs);
  const ended = { command, name, code: again.code, complaints: again.complaints };
  expect(ended).toEqual({ ...ended, code: prepared.code ?? 0 });
}

describe("a wire that stays broken ends each command with 1 and an error", () => {
  test.each(names)("%s", async (command) => {
    // From the first request, which looks for the table, and from the middle of its work.
    const cases = [1, 4].flatMap((from) => quick.map((name) => ({ name, from })));
    const turn = names.indexOf(command);
    const some = longRun ? cases : cases.filter((_, at) => at % 4 === turn % 4);
    for (const { name, from } of some) await broken(command, name, from);
  });

  test("by answers that stall or drip, too", async () => {
    // What takes time here is waiting: all wait at once.
    const all = names.flatMap((command) => slow.map((name) => ({ command, name })));
    const some = longRun ? all : all.filter((_, at) => at % 4 === 0 || at % 4 === 3);
    await Promise.all(some.map(({ command, name }) => broken(command, name, 4)));
  });
});

/** A fault at one request. @returns whether there was such a request */
async function once(command: string, name: string, at: number): Promise<boolean> {
  const prepared = await (commands[command] as () => Promise<Prepared>)();
  const { proxy, run } = await behindProxy(prepared);
  const idleMs = slow.includes(name) ? 1_500 : patienceMs;
  proxy.inject(ruleOf(name, idleMs, { after: at - 1 }));
  const ran = await run(idleMs);
  const told = { command, name, at, code: ran.code, complaints: ran.complaints };
  expect(told).toEqual({ ...told, code: prepared.code ?? 0 });
  await prepared.right(ran);
  // Only a machine that is busy is slower than a limit.
  const among: readonly string[] = operations;
  const seen = proxy.requests.filter(({ operation }) => among.includes(operation)).length;
  const hits = hitsOf(proxy);
  expect(hits).toBe(seen < at ? 0 : 1);
  return hits > 0;
}

const mostAtOnce = 24;

test("a fault at any one request leaves the end of each command as it is", async () => {
  const points = Array.from({ length: longRun ? 20 : 6 }, (_, at) => at + 1);
  const all = points.flatMap((at) => Object.keys(faults).map((name) => ({ name, at })));
  const ofCommand = async (command: string): Promise<number> => {
    const turn = names.indexOf(command);
    // Each fault once, each at another request.
    const some = longRun ? all : all.filter((_, at) => (at + Math.floor(at / 6) + turn) % 6 === 0);
    let hits = 0;
    // More at once would be slower than their limits by themselves.
    for (let from = 0; from < some.length; from += mostAtOnce) {
      const now = some.slice(from, from + mostAtOnce);
      const hit = await Promise.all(now.map(({ name, at }) => once(command, name, at)));
      hits += hit.filter(Boolean).length;
    }
    return hits;
  };
  // What takes time here is waiting: all wait at once, but where there are thousands of them.
  const hits: number[] = [];
  if (longRun) for (const command of names) hits.push(await ofCommand(command));
  else hits.push(...(await Promise.all(names.map(ofCommand))));
  // A short command has not so many requests.
  expect(Math.min(...hits)).toBeGreaterThanOrEqual(longRun ? 24 : 4);
});
