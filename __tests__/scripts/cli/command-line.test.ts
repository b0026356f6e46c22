import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { DynamoDBDocumentClient, ScanCommand } from "@aws-sdk/lib-dynamodb";
import { runCommandLine } from "../../../scripts/cli/program.js";
import type { Terminal } from "../../../scripts/run/terminal.js";
import { iamPolicy } from "../../../src/index.js";
import { type Engine, startEngine } from "../../../src/testing/engine.js";
import { atRequests, bayonData, listen, temporaryFolder } from "../run.js";

const sample = "scripts/demo/firestore-sample";
const arn = "arn:aws:dynamodb:us-east-1:123456789012:table/BayonCoAgent-prod";
const folder = temporaryFolder();

let engine: Engine;
let client: DynamoDBDocumentClient;
let tables = 0;

beforeAll(async () => {
  engine = await startEngine();
  const { endpoint, region, credentials } = engine;
  client = DynamoDBDocumentClient.from(new DynamoDBClient({ endpoint, region, credentials }));
});

afterAll(async () => {
  client.destroy();
  await engine.close();
});

/** The options that lead to a table of the test's own. */
function newTable(): string[] {
  tables += 1;
  return on(`CommandLine-${tables}`);
}

const on = (table: string) => [
  "--environment",
  "local",
  "--endpoint",
  engine.endpoint,
  "--table",
  table,
];

async function existingTable(): Promise<string[]> {
  const flags = newTable();
  const { code } = await bayonData(["table", "create", ...flags]);
  expect(code).toBe(0);
  return flags;
}

async function itemsOf(flags: readonly string[]): Promise<Record<string, unknown>[]> {
  const command = new ScanCommand({ TableName: flags.at(-1), ConsistentRead: true });
  const { Items: items = [], LastEvaluatedKey: more } = await client.send(command);
  expect(more).toBeUndefined();
  return items.toSorted((a, b) => (`${a.PK} ${a.SK}` < `${b.PK} ${b.SK}` ? -1 : 1));
}

describe("help", () => {
  test.each([
    [["--help"], "seed [options]"],
    [["help"], "validate [options]"],
    [["table", "--help"], "delete [options]"],
    [["table", "create", "--help"], "--endpoint <url>"],
    [["table", "describe", "--help"], "--region <region>"],
    [["table", "delete", "--help"], "--yes"],
    [["seed", "--help"], "--from <export>"],
    [["db", "--help"], "--port <number>"],
    [["migrate", "firestore", "--help"], "--concurrency <number>"],
    [["validate", "--help"], "--allow-production"],
    [["policy", "--help"], "--access <who>"],
    [["template", "--help"], "--format <name>"],
    [["explore", "--help"], "--units-per-minute <number>"],
    [["user", "--help"], "erase [options] <id>"],
    [["user", "export", "--help"], "--reveal-secrets"],
    [["help", "user", "erase"], "--allow-production"],
    [["help", "user", "export"], "--allow-production"],
    [["help", "seed"], "--random-seed <number>"],
    [["help", "table", "delete"], "--yes"],
    [["help", "migrate", "firestore"], "--on-conflict <mode>"],
  ])("of %j has examples and ends with 0", async (args, text) => {
    const { code, out } = await bayonData(args);
    expect(code).toBe(0);
    expect(out).toContain(text);
    expect(out).toMatch(/Examples?:\n {2}\$ /);
  });

  test("tells the version", async () => {
    expect(await bayonData(["--version"])).toMatchObject({ code: 0, out: "1.2.3\n" });
  });
});

describe("a number is taken up to its bounds and no further", () => {
  const folderOf = (command: readonly string[]) =>
    ["export", "import", "firestore"].includes(command.at(-1) ?? "") ? ["no/such/folder"] : [];

  test.each<[string[], string, number, number]>([
    [["export"], "--concurrency", 1, 1_000],
    [["doctor"], "--concurrency", 1, 1_000],
    [["adopt"], "--concurrency", 1, 1_000],
    [["rotate"], "--concurrency", 1, 1_000],
    [["upgrade"], "--concurrency", 1, 1_000],
    [["import"], "--concurrency", 1, 128],
    [["migrate", "firestore"], "--concurrency", 1, 128],
    [["verify", "firestore"], "--concurrency", 1, 128],
    [["rollback"], "--concurrency", 1, 128],
    [["seed"], "--users", 1, 100_000],
    [["seed"], "--random-seed", 0, 2 ** 31],
    [["doctor"], "--sample", 1, 1_000_000_000],
    [["doctor"], "--examples", 0, 100_000],
    [["db"], "--port", 1, 65_535],
    [["explore"], "--port", 0, 65_535],
    [["explore"], "--sample", 1, 1_000_000_000],
    [["explore"], "--units-per-minute", 1, 1_000_000_000],
  ])("%j %s from %d to %d", async (command, option, from, to) => {
    const rule = `It must be a whole number from ${from} to ${to}.`;
    const isTaken = async (value: number) => {
      // The word at the end is one too many: it is complained of once all options are taken.
      const args = [...command, ...folderOf(command), option, String(value), "one-too-many"];
      const { code, complaints } = await bayonData(args);
      expect({ code, complaints }).toEqual({
        code: 2,
        complaints: expect.stringMatching(/too many arguments|whole number/),
      });
      return !complaints.includes(rule);
    };
    expect(await Promise.all([from - 1, from, to, to + 1].map(isTaken))).toEqual([
      ...[false, true, true, false],
    ]);
  });
});

describe("bad usage ends with 2 and a hint", () => {
  test.each([
    [[], "Usage: bayon-data"],
    [["table"], "Usage: bayon-data table"],
    [["seeed"], "(Did you mean seed?)"],
    [["seed", "--usrs", "3"], "(Did you mean --users?)"],
    [["seed", "--users", "many"], "It must be a whole number from 1 to 100000"],
    [["seed", "--users", "0"], "It must be a whole number from 1 to 100000"],
    [["seed", "--users", "3", "--from", sample], "cannot be used with"],
    [["seed", "--from"], "argument missing"],
    [["seed", "--environment", "prod"], "Allowed choices are local, development, production"],
    [["seed", "--endpoint", "ftp://here"], "must be an http or https URL"],
    [["seed", "--environment", "local", "--endpoint", "http://example.com"], "loopback"],
    [["seed", "--from", "no/such/folder"], "no/such/folder: does not exist"],
    [["seed", "--environment", "production"], "add --allow-production"],
    [["validate", "--environment", "production"], "add --allow-production"],
    [["explore", "--environment", "production", "--write"], "add --allow-production"],
    [["table", "delete", "--environment", "development"], "add --yes"],
    [["table", "delete", "--environment", "local"], "add --yes"],
    [["table", "delete", "--environment", "production", "--yes"], "add --allow-production"],
    [["table", "delete", "--environment", "production", "--allow-production"], "add --yes"],
    [["user"], "Usage: bayon-data user"],
    [["user", "erase"], "missing required argument 'id'"],
    [["user", "erase", "u1", "--environment", "production", "--yes"], "add --allow-production"],
    [["user", "export", "u1", "--environment", "production"], "add --allow-production"],
    [["user", "export", "", "--environment", "production", "--allow-production"], "not be empty"],
    [["user", "erase", "u1", "--environment", "production", "--allow-production"], "add --yes"],
    [["user", "erase", "u1", "--environment", "local"], "add --yes if you mean it"],
    [["user", "erase", "u1", "--environment", "local", "--json"], "add --yes if you mean it"],
    [["user", "erase", "", "--environment", "local", "--dry-run"], "userId must not be empty"],
    [["user", "export", "", "--environment", "local"], "userId must not be empty"],
    [["export", "x", "--segments", "4"], "(Did you mean --concurrency?)"],
    [["adopt", "--segments=4"], "(Did you mean --concurrency?)"],
    [["import"], "missing required argument 'folder'"],
    [["import", "x", "--parallel", "4"], "(Did you mean --concurrency?)"],
    [["import", "x", "--concurrency", "129"], "from 1 to 128"],
    [["export", "x", "--concurrency", "1001"], "from 1 to 1000"],
    [["help", "nothing"], "bayon-data has no command nothing: its commands are db, table,"],
    [["help", "table", "drop"], "table has no command drop: its commands are create, describe,"],
    [["help", "seed", "x"], "seed has no command x: it has no commands"],
    [["policy"], "required option '--arn <arn>' not specified"],
    [["policy", "--arn", "Table"], "tableArn must be a table's ARN"],
    [["policy", "--arn", arn, "--access", "all"], "Allowed choices are user, application, scripts"],
    [["policy", "--arn", arn, "--owner", "u1"], "It must be a key part and its value"],
    [["policy", "--arn", arn, "--owner", "userId="], "It must be a key part and its value"],
    [["policy", "--arn", arn, "--owner", "teamId=t1"], "owner.teamId is in no partition key"],
    [
      ["policy", "--arn", arn, "--owner", "userId=a", "--owner", "userId=b"],
      "userId is given twice",
    ],
    [
      ["policy", "--arn", arn, "--owner", "userId=a", "--owner-variable", "userId=aws:userid"],
      "give userId in --owner or in --owner-variable",
    ],
    [
      ["policy", "--arn", arn, "--owner", "userId=a", "--user", "a"],
      "give owner, or userId or variable, not both",
    ],
    [
      ["policy", "--arn", arn, "--owner-variable", "userId=1"],
      "owner.userId.variable must be a policy variable",
    ],
    [
      ["policy", "--arn", arn, "--access", "scripts", "--user", "u1"],
      "cannot be used with access scripts",
    ],
  ])("%j", async (args, hint) => {
    const { code, complaints } = await bayonData(args);
    expect(complaints).toContain(hint);
    expect(code).toBe(2);
  });
});

describe("--json", () => {
  /** Every command, by its words; those of groups too. */
  async function commands(): Promise<string[][]> {
    const namesIn = async (...group: string[]) => {
      const { out } = await bayonData([...group, "--help"]);
      return [...out.matchAll(/^ {2}([a-z]+)/gm)].map(([, name = ""]) => [...group, name]);
    };
    const top = (await namesIn()).filter(([name]) => name !== "help");
    const below = await Promise.all(
      ["table", "migrate", "verify", "user"].map((name) => namesIn(name)),
    );
    return [...top, ...below.flat()].filter((words) => !words.includes("help"));
  }

  async function withJson(): Promise<string[][]> {
    const all = await commands();
    const helps = await Promise.all(all.map((words) => bayonData([...words, "--help"])));
    return all.filter((_, at) => /^ +--json /m.test(helps[at]?.out ?? ""));
  }

  const errorsIn = (complaints: string) => {
    const lines = complaints.trimEnd().split("\n");
    return lines.map((line) => JSON.parse(line) as { error?: { code: string; message: string } });
  };

  test("is an option of every command that reads or writes items, or tells of the table or its cost (seed and table describe had none)", async () => {
    expect((await withJson()).map((words) => words.join(" ")).toSorted()).toEqual([
      "adopt",
      "config",
      "cost",
      "doctor",
      "export",
      "import",
      "migrate firestore",
      "rollback",
      "rotate",
      "seed",
      "table describe",
      "upgrade",
      "user erase",
      "user export",
      "verify firestore",
      "watch",
    ]);
  });

  const argumentsOf = (words: readonly string[]): string[] => {
    if (words[0] === "user") return ["user-1"];
    return ["firestore", "export", "import"].includes(words.at(-1) ?? "") ? [folder()] : [];
  };

  test("makes every error JSON: of usage, of what is missing, of the table (it was plain text)", async () => {
    const variable = "COAGENT_ENCRYPTION_KEYS";
    const key = Buffer.alloc(32, 1).toString("base64url");
    process.env[variable] = JSON.stringify({ current: "k", keys: { k: key } });
    try {
      for (const words of await withJson()) {
        const place = words[0] === "cost" ? [] : on("Nowhere");
        const args = [...words, ...argumentsOf(words), "--json", ...place];
        const wrong = await bayonData([...args, "--verbosee", "3"]);
        expect({ words, code: wrong.code, out: wrong.out }).toEqual({ words, code: 2, out: "" });
        expect(errorsIn(wrong.complaints)).toEqual([
          {
            error: {
              code: "Usage",
              message: "unknown option '--verbosee'\n(Did you mean --verbose?)",
            },
          },
        ]);
        // It reads no table.
        if (words[0] === "config") continue;
        const failed = await bayonData(args);
        expect(failed.code).toBeGreaterThan(0);
        const [told, ...more] = errorsIn(failed.complaints);
        expect(more).toEqual([]);
        expect(told?.error).toEqual({
          code: expect.stringMatching(/^\w+$/),
          message: expect.stringMatching(/./),
        });
      }
    } finally {
      delete process.env[variable];
    }
  });

  test.each([[["--json"]], [["table", "--json"]]])(
    "of a command that is missing is no option of it: %j",
    async (args) => {
      const { code, out, complaints } = await bayonData(args);
      expect({ code, out }).toEqual({ code: 2, out: "" });
      expect(errorsIn(complaints)).toEqual([
        { error: { code: "Usage", message: "unknown option '--json'" } },
      ]);
    },
  );

  test("of seed and table describe is one line of results", async () => {
    const flags = await existingTable();
    const seeded = await bayonData(["seed", "--users", "1", "--json", ...flags]);
    expect(seeded).toMatchObject({ code: 0, complaints: "" });
    const count = (await itemsOf(flags)).length;
    const { summary } = JSON.parse(seeded.out) as { summary: Record<string, unknown> };
    expect(summary).toMatchObject({ dryRun: false, written: count, unchanged: 0, rejected: 0 });
    expect(summary.byEntity).toMatchObject({ userProfile: { written: 1 } });
    const rejecting = await bayonData(["seed", "--from", sample, "--dry-run", "--json", ...flags]);
    const lines = rejecting.out.trim().split("\n");
    const kinds = lines.map((line) => (JSON.parse(line) as { kind?: string }).kind);
    expect(kinds.filter((kind) => kind === "rejected")).toHaveLength(6);

    const described = await bayonData(["table", "describe", "--json", ...flags]);
    expect(described).toMatchObject({ code: 0, complaints: "" });
    expect(JSON.parse(described.out)).toMatchObject({
      place: `${flags.at(-1)} at ${engine.endpoint}`,
      status: "ACTIVE",
      indexes: [{ name: "GSI1", status: "ACTIVE" }],
    });
    const missing = await bayonData(["table", "describe", "--json", ...on("Nowhere")]);
    expect(missing).toMatchObject({ code: 1, out: "" });
    expect(errorsIn(missing.complaints)).toEqual([
      {
        error: {
          code: "ResourceNotFoundException",
          message: `Nowhere at ${engine.endpoint}: does not exist`,
        },
      },
    ]);
  });

  test("names the code of the error behind the advice", async () => {
    const missing = await bayonData(["doctor", "--json", ...on("Nowhere")]);
    expect(errorsIn(missing.complaints)[0]?.error).toEqual({
      code: "ResourceNotFoundException",
      message: expect.stringContaining("no such table: Nowhere at"),
    });
    const nobody = ["--environment", "local", "--endpoint", "http://127.0.0.1:9"];
    const unreachable = await bayonData(["doctor", "--json", ...nobody]);
    expect(errorsIn(unreachable.complaints)[0]?.error?.code).toBe("ECONNREFUSED");
  });

  test("makes an interruption, and how to go on, JSON too", async () => {
    const signal = AbortSignal.abort(new Error("interrupted"));
    const args = ["export", folder(), "--json", ...(await existingTable())];
    const { code, complaints } = await bayonData(args, signal);
    expect(code).toBe(130);
    expect(errorsIn(complaints)).toEqual([
      { resumeWith: expect.stringMatching(/^bayon-data export .* --json/) },
      { error: { code: "Interrupted", message: "interrupted" } },
    ]);
  });
});

describe("progress", () => {
  interface Bar {
    readonly what: string;
    done: number;
    saidAtEnd?: string;
  }

  /** Runs a command, and keeps what its progress was told. */
  async function watched(args: readonly string[]): Promise<{ bars: Bar[]; out: string }> {
    const said = listen();
    const bars: Bar[] = [];
    const progress: Terminal["progress"] = (what) => {
      const bar: Bar = { what, done: 0 };
      bars.push(bar);
      return {
        advance: (count = 1) => {
          bar.done += count;
        },
        end: () => {
          bar.saidAtEnd ??= said.out();
        },
      };
    };
    const terminal = { ...said.terminal, progress };
    const { signal } = new AbortController();
    const code = await runCommandLine(args, { terminal, signal, version: "1.2.3" });
    expect({ code, complaints: said.complaints() }).toEqual({ code: 0, complaints: "" });
    return { bars, out: said.out() };
  }

  /** An export of so many documents. */
  function exported(count: number): string {
    const to = folder();
    const documents = Array.from({ length: count }, (_, at) => ({
      id: `c${at}`,
      parentId: "u1",
      data: { type: "Note", content: "text", createdAt: 1_700_000_000_000 },
      path: `users/u1/savedContent/c${at}`,
    }));
    const file = { collectionPath: "users/{id}/savedContent", documents, count };
    writeFileSync(join(to, "users_id_savedContent.json"), JSON.stringify(file));
    return to;
  }

  test("counts everything, and has ended when the results are told", async () => {
    const [from, to] = [await existingTable(), await existingTable()];
    const [documents, state, files] = [exported(30), folder(), join(folder(), "files")];
    const own = ["--state", state];
    const steps: [string, string[]][] = [
      ["documents", ["seed", "--from", documents, ...from]],
      ["items", ["doctor", ...from]],
      ["items", ["export", files, ...from]],
      ["items", ["import", files, ...own, ...to]],
      ["documents", ["verify", "firestore", documents, ...to]],
      [
        "documents",
        ["migrate", "firestore", documents, ...own, "--on-conflict", "overwrite", ...to],
      ],
      ["items", ["rollback", ...own, ...to]],
    ];
    for (const [what, args] of steps) {
      const { bars, out } = await watched(args);
      const [{ saidAtEnd = out, ...bar } = { what: "", done: 0 }] = bars;
      expect({ args, bars: bars.length, ...bar }).toEqual({ args, bars: 1, what, done: 30 });
      expect({ args, results: out.slice(saidAtEnd.length) }).toEqual({
        args,
        results: expect.stringMatching(/\d requests?/),
      });
    }
  });
});

describe("policy", () => {
  test.each<[string[], object]>([
    [[], { tableArn: arn }],
    [["--user", "u1"], { tableArn: arn, userId: "u1" }],
    [["--variable", "aws:userid"], { tableArn: arn, variable: "aws:userid" }],
    [["--access", "application"], { tableArn: arn, access: "application" }],
    [["--access", "application", "--scan"], { tableArn: arn, access: "application", scan: true }],
    [["--access", "scripts"], { tableArn: arn, access: "scripts" }],
    [["--owner", "userId=u=1"], { tableArn: arn, owner: { userId: "u=1" } }],
    [
      ["--owner", "userId=u1", "--owner-variable", "agentId=aws:PrincipalTag/agent"],
      { tableArn: arn, owner: { userId: "u1", agentId: { variable: "aws:PrincipalTag/agent" } } },
    ],
  ])("%j prints it, and asks no table", async (flags, options) => {
    const { code, out, complaints } = await bayonData(["policy", "--arn", arn, ...flags]);
    expect(JSON.parse(out)).toEqual(iamPolicy(options as never));
    expect({ code, complaints }).toEqual({ code: 0, complaints: "" });
  });
});

describe("trouble with the table", () => {
  test.each(["seed", "validate"])("%s names a table that is not there", async (command) => {
    const { code, complaints } = await bayonData([command, ...on("Nowhere")]);
    expect(code).toBe(1);
    expect(complaints).toContain(`no such table: Nowhere at ${engine.endpoint}`);
    expect(complaints).toContain("bayon-data table create");
  });

  test.each([["doctor"], ["table", "describe"], ["seed"], ["verify", "firestore", sample]])(
    "%s without credentials names the place, and what is set for the table on this machine",
    async (...command) => {
      const names = [
        ...["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"],
        ...["AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"],
        ...["AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_ENDPOINT_URL", "USE_LOCAL_AWS"],
        ...["AWS_ENDPOINT_URL_DYNAMODB", "COAGENT_ENV", "NODE_ENV"],
      ];
      const before = { ...process.env };
      for (const name of names) delete process.env[name];
      const nowhere = folder();
      Object.assign(process.env, {
        AWS_EC2_METADATA_DISABLED: "true",
        AWS_CONFIG_FILE: join(nowhere, "config"),
        AWS_SHARED_CREDENTIALS_FILE: join(nowhere, "credentials"),
      });
      try {
        const { code, complaints } = await bayonData([...command, "--region", "us-east-1"]);
        expect(code).toBe(2);
        expect(complaints).toContain("no credentials were found");
        expect(complaints).toContain("the table is BayonCoAgent-development at AWS in us-east-1");
        expect(complaints).toContain("set USE_LOCAL_AWS=true");
      } finally {
        for (const name of Object.keys(process.env)) delete process.env[name];
        Object.assign(process.env, before);
      }
    },
  );

  test("an engine that does not run is one line and an advice, and a stack where it is wanted", async () => {
    const args = [
      "table",
      "describe",
      "--environment",
      "local",
      "--endpoint",
      "http://127.0.0.1:9",
    ];
    const quiet = await bayonData(args);
    expect(quiet.code).toBe(1);
    expect(quiet.complaints).toMatch(/^error: no answer \(ECONNREFUSED\) from BayonCoAgent-local/);
    expect(quiet.complaints).toContain("npx bayon-data db --port 9\n");
    expect(quiet.complaints).not.toContain("npm run");
    expect(quiet.complaints).not.toContain("    at ");
    const { complaints } = await bayonData([...args, "--verbose"]);
    expect(complaints).toContain("    at ");
  });
});

describe("table", () => {
  test("is created once, described, and deleted", async () => {
    const flags = newTable();
    const steps = ["describe", "create", "create", "describe", "delete", "delete", "describe"];
    const said: string[] = [];
    for (const step of steps) {
      const yes = step === "delete" ? ["--yes"] : [];
      const { code, out, complaints } = await bayonData(["table", step, ...yes, ...flags]);
      said.push(`${code} ${(out + complaints).split("\n")[step === "describe" ? 1 : 0] ?? ""}`);
    }
    const place = `${flags.at(-1)} at ${engine.endpoint}`;
    expect(said).toEqual([
      "1 ",
      `0 ${place}: created, active`,
      `0 ${place}: already there, active`,
      "0 status  ACTIVE",
      `0 ${place}: deleted`,
      `0 ${place}: did not exist`,
      "1 ",
    ]);
  });
});

describe("seed", () => {
  test("writes made-up agents, and a second run leaves the table as it is", async () => {
    const flags = await existingTable();
    const first = await bayonData(["seed", "--users", "2", ...flags]);
    expect(first).toMatchObject({ code: 0, complaints: "" });
    const items = await itemsOf(flags);
    expect(items.length).toBeGreaterThan(50);
    expect(first.out).toMatch(new RegExp(`total +${items.length} +0 +0`));

    const second = await bayonData(["seed", "--users", "2", ...flags]);
    expect(second.code).toBe(0);
    expect(second.out).toMatch(new RegExp(`total +0 +${items.length} +0`));
    expect(await itemsOf(flags)).toEqual(items);
  });

  test("as a dry run reports what it would write, and writes nothing (there was no --dry-run)", async () => {
    const flags = await existingTable();
    const dry = await bayonData(["seed", "--users", "2", "--dry-run", ...flags]);
    expect(dry).toMatchObject({ code: 0, complaints: "" });
    expect(await itemsOf(flags)).toEqual([]);
    const real = await bayonData(["seed", "--users", "2", ...flags]);
    const totalOf = (out: string) => /^total.*/m.exec(out)?.[0].split(/ +/);
    expect(totalOf(real.out)?.[1]).not.toBe("0");
    expect(totalOf(dry.out)).toEqual(totalOf(real.out));
    expect(dry.out).toMatch(/^Dry run: nothing is written\.[\s\S]* would write {2}unchanged/);
    const again = await bayonData(["seed", "--users", "3", "--dry-run", ...flags]);
    expect(again.out).toMatch(/^userProfile +1 +2 +0$/m);
  });

  test("as a dry run needs no permission for production", async () => {
    const production = ["--environment", "production", "--region", "us-east-1"];
    const flags = [...(await existingTable()).slice(2), ...production];
    const refused = await bayonData(["seed", "--users", "1", ...flags]);
    expect(refused.complaints).toContain("--allow-production");
    const dry = await bayonData(["seed", "--users", "1", "--dry-run", ...flags]);
    expect(dry.out).toContain("Dry run: nothing is written. Seeding");
    expect(dry.complaints).not.toContain("--allow-production");
  });

  test("writes an export, lists what it rejects, and a second run leaves the table as it is", async () => {
    const flags = await existingTable();
    const { code, out } = await bayonData(["seed", "--from", sample, ...flags]);
    expect(code).toBe(1);
    const rejected = [...out.matchAll(/^rejected {2}(\S+)\n {10}(.+)$/gm)].map(
      ([, path = "", reason]) => `${path.slice(path.lastIndexOf("/") + 1).slice(0, 30)}: ${reason}`,
    );
    expect(rejected).toEqual([
      "whose-agent-is-empty: agentId must not be empty",
      "whose-agent-is-missing: agentId is missing: a non-empty string is expected",
      "whose-author-is-text: data.author must be an object, not a string",
      "broken-off: data.results must be a list, not a string",
      "long-slug-long-slug-long-slug-: contentId makes a sort key of 1122 bytes: at most 1024",
      "ai-basics: data.completed must be a boolean, not a string",
    ]);
    const items = await itemsOf(flags);
    expect(items).toHaveLength(73 - rejected.length);

    const second = await bayonData(["seed", "--from", sample, ...flags]);
    expect(second.code).toBe(1);
    expect(await itemsOf(flags)).toEqual(items);
  });

  test("stores an export's documents with their own keys, dates and one encoding", async () => {
    const flags = await existingTable();
    await bayonData(["seed", "--from", sample, ...flags]);
    const items = await itemsOf(flags);
    const find = (sk: string) => items.find((item) => item.SK === sk);
    expect(find("CONTENT#newest-page")).toMatchObject({
      EntityType: "SavedContent",
      CreatedAt: 1_757_990_000_005,
      GSI1SK: "CONTENT#1757990000005#newest-page",
      Data: {
        createdAt: "2025-09-16T02:33:20.005Z",
        metadata: { publishedAt: "2025-09-16T05:20:00.000Z", "views.total": 1834 },
      },
    });
    expect(find("REVIEW#imported-facebook-1")).toMatchObject({
      CreatedAt: Date.parse("2025-01-15T08:00:00.000Z"),
      GSI1PK: "REVIEW#imported-facebook-1",
      Data: { date: "2024-06-20T08:15:05.379Z", rating: "4" },
    });
    // No date that can be read: the day of the export.
    expect(find("CONTENT#1709331806924")).toMatchObject({
      CreatedAt: Date.parse("2025-10-01T06:00:00.000Z"),
      Data: { createdAt: "Invalid Date" },
    });
    const tokens = items.filter((item) => item.SK === "GOOGLE_BUSINESS");
    expect(tokens.map((item) => item.PK)).toContain("OAUTH#old-account-3f2a");
  });

  test("rejects what is over 400 KB without its neighbours", async () => {
    const flags = await existingTable();
    const documents = [1_000, 420_000, 1_000].map((length, index) => ({
      id: `c${index}`,
      parentId: "u",
      data: { type: "Note", content: "x".repeat(length) },
      path: `users/u/savedContent/c${index}`,
    }));
    const path = folder();
    const file = { collectionPath: "users/{id}/savedContent", documents, count: 3 };
    writeFileSync(join(path, "users_id_savedContent.json"), JSON.stringify(file));
    const { code, out } = await bayonData(["seed", "--from", path, ...flags]);
    expect(code).toBe(1);
    expect(out).toMatch(
      /rejected {2}users\/u\/savedContent\/c1\n +data makes an item of 4\d{5} bytes/,
    );
    expect((await itemsOf(flags)).map((item) => item.SK)).toEqual(["CONTENT#c0", "CONTENT#c2"]);
  });

  test("keeps and tells what it wrote before a file that is broken", async () => {
    const flags = await existingTable();
    const path = folder();
    const documents = Array.from({ length: 250 }, (_, index) => {
      const id = `u${index}`;
      return { id, data: { email: `${id}@example.com` }, path: `users/${id}` };
    });
    writeFileSync(join(path, "users.json"), JSON.stringify({ collectionPath: "users", documents }));
    writeFileSync(join(path, "reviews.json"), '{ "documents": [');
    const { code, out, complaints } = await bayonData(["seed", "--from", path, ...flags]);
    expect(code).toBe(1);
    expect(complaints).toMatch(/^error: .*reviews\.json: ends too early, at byte 16\n$/);
    expect(out).toMatch(/total +250 +0 +0/);
    expect(await itemsOf(flags)).toHaveLength(250);
  });

  test("never says what a rejected document holds", async () => {
    const flags = await existingTable();
    const path = folder();
    const document = {
      id: "u",
      data: { accessToken: ["SECRET"], refreshToken: 5 },
      path: "googleBusinessProfiles/u",
    };
    const file = { documents: [document], count: 1 };
    mkdirSync(path, { recursive: true });
    writeFileSync(join(path, "googleBusinessProfiles.json"), JSON.stringify(file));
    const { code, out, complaints } = await bayonData([
      "seed",
      "--from",
      path,
      ...flags,
      "--verbose",
    ]);
    expect(code).toBe(1);
    expect(out).toContain("data.accessToken");
    expect(out + complaints).not.toContain("SECRET");
  });

  test("ends with 130 when it is interrupted", async () => {
    const flags = await existingTable();
    const signal = AbortSignal.abort(new Error("interrupted"));
    const { code, complaints } = await bayonData(["seed", ...flags], signal);
    expect(code).toBe(130);
    expect(complaints).toContain("interrupted");
  });
});

describe("validate", () => {
  test("passes, one line a check, and leaves nothing behind", async () => {
    const flags = await existingTable();
    const before = { ...process.env };
    const { code, out } = await bayonData(["validate", ...flags]);
    expect(out).not.toContain("FAIL");
    expect(code).toBe(0);
    const checks = out.match(/^ok /gm)?.length ?? 0;
    expect(checks).toBeGreaterThan(40);
    expect(out).toContain(`${checks} checks passed`);
    expect(await itemsOf(flags)).toEqual([]);
    expect({ ...process.env }).toEqual(before);
  });

  test("cleans up when it is interrupted", async () => {
    const flags = await existingTable();
    const controller = new AbortController();
    const running = bayonData(["validate", ...flags], controller.signal);
    while ((await itemsOf(flags)).length === 0) await new Promise(setImmediate);
    controller.abort(new Error("interrupted"));
    expect((await running).code).toBe(130);
    expect(await itemsOf(flags)).toEqual([]);
  });

  test("ends with 1 when checks fail, and says which", async () => {
    const own = await startEngine();
    const flags = ["--environment", "local", "--endpoint", own.endpoint, "--table", "Validated"];
    await bayonData(["table", "create", ...flags]);
    let requests = 0;
    const sending = atRequests(async () => {
      requests += 1;
      if (requests === 20) await own.close();
    });
    const { signal } = new AbortController();
    const { code, out, complaints } = await bayonData(["validate", ...flags], signal, sending);
    expect(out).toMatch(/^ok /m);
    expect(code).toBe(1);
    expect(out).toMatch(/^FAIL .*ECONNREFUSED/m);
    expect(complaints).toContain("no answer (ECONNREFUSED) from Validated");
  });
});
