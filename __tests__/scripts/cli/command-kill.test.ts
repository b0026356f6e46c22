/** Each command that writes, killed by SIGKILL at a request that is not answered, and started again. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { type FaultProxy, startFaultProxy } from "../../../src/testing/fault-proxy.js";
import { both, isSealed, variableOf } from "../../encryption/keys.js";
import { engines } from "../../engines.js";
import { type RawItem, type WholeTable, wholeTables } from "../raw.js";
import { bayonData, script, temporaryFolder } from "../run.js";

const temporary = temporaryFolder();
const newTable = wholeTables(engines[0]?.engine ?? "");
const variable = "COAGENT_ENCRYPTION_KEYS";
// `npm test` kills each command once after the engine has done the request; COAGENT_TEST_RUNS more
// often, and before it has, too.
const longRun = Number(process.env.COAGENT_TEST_RUNS ?? 1) > 1;
const points = longRun ? [1, 2, 5, 11, 23] : [7];
jest.setTimeout(longRun ? 600_000 : 120_000);

let proxy: FaultProxy | undefined;
beforeAll(() => {
  process.env[variable] = variableOf(both);
});
afterEach(async () => {
  await proxy?.close();
  proxy = undefined;
});
afterAll(() => {
  delete process.env[variable];
});

const created = 1_600_000_000_000;
const users = Array.from({ length: 40 }, (_, at) => `u${at}`);
const tokens: RawItem[] = users.map((userId) => ({
  PK: `OAUTH#${userId}`,
  SK: "GOOGLE_BUSINESS",
  EntityType: "OAuthToken",
  Data: { accessToken: `access-${userId}`, refreshToken: `refresh-${userId}`, expiryDate: 5 },
  UpdatedAt: created,
}));

async function filled(): Promise<WholeTable> {
  const table = await newTable();
  await table.put(...tokens);
  return table;
}

function linesOf(folder: string): string[] {
  const texts = readdirSync(join(folder, "data")).map((name) =>
    gunzipSync(readFileSync(join(folder, "data", name))).toString(),
  );
  return texts.join("").split("\n").filter(Boolean);
}

interface Killed {
  readonly table: WholeTable;
  readonly args: readonly string[];
  readonly at: "Scan" | "PutItem" | "BatchWriteItem" | "UpdateItem" | "DeleteItem";
  /** The request at which it is killed, of those that there are. */
  readonly most: number;
  right(out: string): Promise<void>;
}

async function importing(mode: string): Promise<Killed> {
  const [from, table, dir] = [await filled(), await newTable(), temporary()];
  expect(await bayonData(["export", dir, ...from.flags])).toMatchObject({ code: 0 });
  const own = ["--state", temporary(), "--on-conflict", mode, "--concurrency", "1"];
  return {
    table,
    args: ["import", dir, ...own],
    at: mode === "skip" ? "PutItem" : "BatchWriteItem",
    most: mode === "skip" ? 30 : 1,
    right: async () => {
      const there = await table.all();
      expect(there.map(({ PK }) => PK)).toEqual((await from.all()).map(({ PK }) => PK));
    },
  };
}

const commands: Readonly<Record<string, () => Promise<Killed>>> = {
  export: async () => {
    const [table, dir] = [await filled(), temporary()];
    return {
      table,
      args: ["export", dir, "--concurrency", "16", "--verify"],
      at: "Scan",
      most: 16,
      right: async (out) => {
        expect(new Set(linesOf(dir)).size).toBe(users.length);
        expect(linesOf(dir)).toHaveLength(users.length);
        expect(out).toContain(`the same: ${users.length} items in the files`);
      },
    };
  },
  "import that skips": () => importing("skip"),
  "import that overwrites": () => importing("overwrite"),
  rotate: async () => {
    const table = await filled();
    return {
      table,
      args: ["rotate", "--state", temporary(), "--concurrency", "1"],
      at: "UpdateItem",
      most: 30,
      right: async (out) => {
        const all = await table.all();
        const secrets = all.flatMap(({ Data }) => {
          const { accessToken, refreshToken } = Data as RawItem;
          return [accessToken, refreshToken];
        });
        expect(secrets.map(isSealed)).toEqual(secrets.map(() => true));
        expect(out).toContain(`${users.length} items read = 0 without secrets`);
      },
    };
  },
  adopt: async () => {
    const table = await filled();
    return {
      table,
      args: ["adopt", "--state", temporary(), "--concurrency", "1"],
      at: "UpdateItem",
      most: 30,
      right: async (out) => {
        expect((await table.all()).filter(({ userId }) => userId === undefined)).toEqual([]);
        expect(out).toContain(`${users.length} items read = `);
      },
    };
  },
  "user erase": async () => {
    const table = await newTable();
    const rows = Array.from({ length: 700 }, (_, at) => ({ PK: "USER#gone", SK: `ROW#${at}` }));
    await table.put(...rows, { PK: "USER#stays", SK: "ROW#1" });
    return {
      table,
      args: ["user", "erase", "gone", "--yes"],
      at: "BatchWriteItem",
      most: 28,
      right: async () => {
        expect((await table.all()).map(({ PK }) => PK)).toEqual(["USER#stays"]);
      },
    };
  },
  rollback: async () => {
    const [table, state, folder] = [await newTable(), temporary(), temporary()];
    const documents = users.map((id) => ({
      ...{ id: "c1", parentId: id, path: `users/${id}/savedContent/c1` },
      data: { type: "Note", content: "text" },
    }));
    const file = { collectionPath: "users/{id}/savedContent", documents, count: documents.length };
    writeFileSync(join(folder, "users_id_savedContent.json"), JSON.stringify(file));
    const own = ["--state", state, "--rejected", join(state, "rejected.ndjson")];
    const moved = ["migrate", "firestore", folder, ...table.flags, ...own];
    expect(await bayonData(moved)).toMatchObject({ code: 0 });
    return {
      table,
      args: ["rollback", "--state", state],
      at: "DeleteItem",
      most: 30,
      right: async () => expect(await table.all()).toEqual([]),
    };
  },
};

const cases = Object.keys(commands).flatMap((name) =>
  (longRun ? [true, false] : [true]).flatMap((done) =>
    points.map((point) => [name, point, done] as const),
  ),
);

test.each(cases)(
  "%s, killed at request %d (carried out: %s), ends right when it is started again",
  async (name, point, done) => {
    const { table, args, at, most, right } = await (commands[name] as () => Promise<Killed>)();
    const target = table.data.engine.endpoint;
    const behind = await startFaultProxy({ target });
    proxy = behind;
    const journal = join(args[args.indexOf("--state") + 1] ?? "", "journal.ndjson");
    if (existsSync(journal)) {
      // It knows the table by its address.
      writeFileSync(journal, readFileSync(journal, "utf8").replaceAll(target, behind.url));
    }
    const flags = ["--environment", "local", "--endpoint", behind.url, "--table", table.name];
    const running = script("cli.ts", [...args, ...flags]);
    behind.inject({
      operation: at,
      after: Math.min(point, most) - 1,
      answer: async ({ forward }) => {
        const answer = done ? await forward() : { status: 503, body: "" };
        // It waits for this answer: it cannot be at its end.
        running.child.kill("SIGKILL");
        return answer;
      },
    });
    await running.ended();
    expect(running.child.signalCode).toBe("SIGKILL");
    behind.clear();
    behind.random({ seed: point, rate: 0.1, faults: ["emptyBody", "randomBytes"] });
    const { code, complaints, out } = await bayonData([...args, ...flags]);
    // Of one that ends well, complaints are its progress.
    expect({ code, said: code === 0 ? "" : complaints }).toEqual({ code: 0, said: "" });
    await right(out);
  },
);
