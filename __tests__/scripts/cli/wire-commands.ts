/** Whole commands on tables of their own, behind a proxy that breaks their wire, and how each is to end. */
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
import { flagsThrough, ofItems, smallPages, wireFaults } from "../wire-faults.js";

const temporary = temporaryFolder();
const newTable = wholeTables(engines[0]?.engine ?? "");
/** Of all faults at all requests `npm test` tries some; COAGENT_TEST_RUNS tries each. */
const runs = Number(process.env.COAGENT_TEST_RUNS ?? 1);
jest.setTimeout(runs > 1 ? 600_000 : 120_000);
export const operations = [...ofItems, "DescribeTable"] as const;
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
export interface Prepared {
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

export const commands: Readonly<Record<string, () => Promise<Prepared>>> = {
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
export const names = Object.keys(commands);

/** The command behind a proxy; its journal knows the table by the engine's address. */
export async function behindProxy({ table, args }: Prepared) {
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
export const faults: Readonly<Record<string, (idleMs: number) => WireRule>> = {
  "an empty 200": () => wireFaults["an empty 200"],
  "a 200 of somebody else's JSON": () => wireFaults["a 200 of somebody else's JSON"],
  "a body that is cut off": () => wireFaults["a body that is cut off"],
  garbage: () => ({ fault: "tlsAlert" }),
  "an answer that stalls": () => ({ fault: "stallInBody" }),
  // Of twenty pieces each comes in time, and all of them in more than four times the time for a whole
  // answer: its clock is looked at twice a second.
  "an answer that drips": (idleMs) => ({ fault: "dripInBody", delayMs: 10 * idleMs }),
};

export function ruleOf(name: string, idleMs: number, more: WireRule): WireRule {
  return { ...faults[name]?.(idleMs), operation: operations, ...more };
}

/** Those of which nothing is left to do but wait. */
export const slow = ["an answer that stalls", "an answer that drips"];
export const longRun = runs > 1;
/** A machine that is busy is no wire that is slow. */
export const patienceMs = 3_000;
