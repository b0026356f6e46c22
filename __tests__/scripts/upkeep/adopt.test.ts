import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { PutCommand } from "@aws-sdk/lib-dynamodb";
import { openRun } from "../../../scripts/run/run-state.js";
import { type AdoptionState, adoptTable } from "../../../scripts/upkeep/adopt-table.js";
import { ConditionalCheckFailedError } from "../../../src/index.js";
import { startFaultProxy } from "../../../src/testing/index.js";
import { engines } from "../../engines.js";
import { killedAt } from "../killed.js";
import { type RawItem, wholeTables } from "../raw.js";
import { atRequests, bayonData, type Ran, temporaryFolder } from "../run.js";
import { flagsThrough } from "../wire-faults.js";

const folder = temporaryFolder();
const born = 1_600_000_000_000;
const digits = "1600000000000";
const times = { CreatedAt: born, UpdatedAt: born + 1 };

/** An item of each entity as the earlier version wrote it, and what it lacks. */
const old: readonly { item: RawItem; lacks: RawItem }[] = [
  {
    item: { PK: "USER#u1", SK: "PROFILE", EntityType: "UserProfile", Data: { email: "a@b.c" } },
    lacks: { userId: "u1" },
  },
  {
    item: { PK: "USER#u1", SK: "AGENT#a1", EntityType: "RealEstateAgentProfile", Data: {} },
    lacks: { userId: "u1", agentProfileId: "a1" },
  },
  {
    item: {
      PK: "REVIEW#u1",
      SK: "REVIEW#r1",
      EntityType: "Review",
      Data: { rating: "five" },
      GSI1PK: "REVIEW#r1",
    },
    lacks: { agentId: "u1", reviewId: "r1", GSI1SK: "AGENT#u1" },
  },
  {
    item: { PK: "USER#u1", SK: "AUDIT#main", EntityType: "BrandAudit", Data: { results: [] } },
    lacks: { userId: "u1", auditId: "main" },
  },
  {
    item: { PK: "USER#u1", SK: "COMPETITOR#c#1", EntityType: "Competitor", Data: { n: null } },
    lacks: { userId: "u1", competitorId: "c#1" },
  },
  {
    item: { PK: "USER#u1", SK: "REPORT#p1", EntityType: "ResearchReport", Data: { topic: "" } },
    lacks: {
      userId: "u1",
      reportId: "p1",
      GSI1PK: "USER#u1",
      GSI1SK: `REPORT#${digits}#p1`,
    },
  },
  {
    item: { PK: "USER#u1", SK: "PROJECT#x\ny", EntityType: "Project", Data: { id: "other" } },
    lacks: {
      userId: "u1",
      projectId: "x\ny",
      GSI1PK: "USER#u1",
      GSI1SK: `PROJECT#${digits}#x\ny`,
    },
  },
  {
    item: { PK: "USER#u1", SK: "CONTENT#k1", EntityType: "SavedContent", Data: { "a.b": [1] } },
    lacks: {
      userId: "u1",
      contentId: "k1",
      GSI1PK: "USER#u1",
      GSI1SK: `CONTENT#${digits}#k1`,
    },
  },
  {
    item: { PK: "USER#u1", SK: "TRAINING#m1", EntityType: "TrainingProgress", Data: {} },
    lacks: { userId: "u1", moduleId: "m1" },
  },
  {
    item: { PK: "USER#u1", SK: "PLAN#l1", EntityType: "MarketingPlan", Data: { steps: [] } },
    lacks: { userId: "u1", planId: "l1", GSI1PK: "USER#u1", GSI1SK: `PLAN#${digits}#l1` },
  },
  {
    item: { PK: "USER#u1", SK: "ANALYSIS#main", EntityType: "ReviewAnalysis" },
    lacks: { userId: "u1", analysisId: "main" },
  },
  {
    item: {
      PK: "OAUTH#u1",
      SK: "GOOGLE_BUSINESS",
      EntityType: "OAuthToken",
      Data: { accessToken: "secret" },
    },
    lacks: { userId: "u1", provider: "GOOGLE_BUSINESS" },
  },
];

const oldItems = old.map(({ item }) => ({ ...item, ...times }));
const adoptedItems = old
  .map(({ item, lacks }) => ({ ...item, ...times, ...lacks }) as RawItem)
  .toSorted((a, b) => (`${a.PK} ${a.SK}` < `${b.PK} ${b.SK}` ? -1 : 1));

/** Saved content of an earlier writer. */
const content = (userId: string, id: string, data: RawItem = {}): RawItem => ({
  PK: `USER#${userId}`,
  SK: `CONTENT#${id}`,
  EntityType: "SavedContent",
  Data: { type: "Blog Post", content: "text", ...data },
  ...times,
});

/** The report of a run with `--json`. */
const reportOf = (out: string) => JSON.parse(out.trim().split("\n").at(-1) ?? "");

describe.each(engines)("adopt on $name", ({ engine }) => {
  const newTable = wholeTables(engine);
  const adopt = (
    table: ReturnType<Awaited<ReturnType<typeof newTable>>["open"]>["table"],
    options: Partial<Parameters<typeof adoptTable>[1]> = {},
  ) => adoptTable(table, { segments: 4, findingsPath: join(folder(), "left.ndjson"), ...options });

  test("adds exactly what items of every entity lack, and a second run writes nothing", async () => {
    const { flags, put, all, data } = await newTable();
    await put(...oldItems);
    const state = ["--state", folder(), "--json"];
    const before = await all();

    const dry = await bayonData(["adopt", ...flags, ...state, "--dry-run"]);
    expect(dry).toMatchObject({ code: 0, complaints: "" });
    const read = await bayonData(["adopt", ...flags, "--state", folder(), "--dry-run"]);
    const [, counts = ""] = /^would add: (.+)$/m.exec(read.out) ?? [];
    expect(counts.split(", ").toSorted()).toEqual([
      ...["GSI1PK 4", "GSI1SK 5", "agentId 1", "agentProfileId 1", "analysisId 1", "auditId 1"],
      ...["competitorId 1", "contentId 1", "moduleId 1", "planId 1", "projectId 1", "provider 1"],
      ...["reportId 1", "reviewId 1", "userId 11"],
    ]);
    expect(await all()).toEqual(before);

    const first = await bayonData(["adopt", ...flags, ...state]);
    expect(first).toMatchObject({ code: 0, complaints: "" });
    expect(await all()).toEqual(adoptedItems);
    const { entities, added, left, items } = reportOf(first.out);
    expect({ entities, added, left, items }).toEqual({
      entities: Object.fromEntries(
        old.map(({ item }) => [item.EntityType, { adopted: 1, complete: 0 }]),
      ),
      added: expect.objectContaining({ userId: 11, agentId: 1, GSI1PK: 4, GSI1SK: 5 }),
      left: {},
      items: 12,
    });
    const { entities: would, added: wouldAdd } = reportOf(dry.out);
    expect({ would, wouldAdd }).toEqual({ would: entities, wouldAdd: added });

    const second = await bayonData(["adopt", ...flags, ...state]);
    expect(second.code).toBe(0);
    expect(reportOf(second.out).added).toEqual({});
    expect(reportOf(second.out).entities.Review).toEqual({ adopted: 0, complete: 1 });
    expect(await all()).toEqual(adoptedItems);
    // Now they are where the index is read.
    const dated = await data.savedContent.query({ userId: "u1" }, { by: "createdAt" });
    expect(dated.items.map(({ contentId }) => contentId)).toEqual(["k1"]);
  });

  test("takes a missing CreatedAt from the payload, else UpdatedAt, else the clock", async () => {
    const { open, put, all } = await newTable();
    const bare = (id: string, more: RawItem) => {
      const { CreatedAt: _c, UpdatedAt: _u, ...item } = content("u1", id);
      return { ...item, ...more };
    };
    const payload = { createdAt: { _seconds: 1_500_000_000, _nanoseconds: 0 } };
    await put(
      bare("1-payload", { UpdatedAt: 5, Data: payload }),
      bare("2-updated", { UpdatedAt: 1_550_000_000_000, Data: { createdAt: "Invalid Date" } }),
      bare("3-clock", { Data: "no map" }),
    );
    await adopt(open().table, { now: () => 1_650_000_000_000 });
    expect(
      (await all()).map(({ CreatedAt, UpdatedAt, GSI1SK }) => [CreatedAt, UpdatedAt, GSI1SK]),
    ).toEqual([
      [1_500_000_000_000, 5, "CONTENT#1500000000000#1-payload"],
      [1_550_000_000_000, 1_550_000_000_000, "CONTENT#1550000000000#2-updated"],
      [1_650_000_000_000, undefined, "CONTENT#1650000000000#3-clock"],
    ]);
  });

  test("leaves what it cannot place, and names it by kind and key", async () => {
    const { flags, put, all } = await newTable();
    const misplaced: [string, RawItem][] = [
      ["unknownType", { PK: "USER#u1", SK: "A", EntityType: "Ghost", Data: { secret: "s3cret" } }],
      ["unknownType", { PK: "USER#u1", SK: "B" }],
      ["keyDisagrees", { ...content("u1", "x"), SK: "PROJECT#x" }],
      ["keyDisagrees", { ...content("u1", "x"), PK: "USER#", SK: "CONTENT#y" }],
      ["keyDisagrees", { PK: "USER#u1", SK: "PROFILE#2", EntityType: "UserProfile" }],
      ["keyTooLong", content("u1", "k".repeat(1_010))],
      ["unusableTime", { ...content("u1", "z"), CreatedAt: "yesterday" }],
      ["attributeDisagrees", { ...content("u1", "w"), userId: "somebody-else" }],
    ];
    await put(...misplaced.map(([, item]) => item), content("u1", "neighbour"));
    const before = await all();
    const state = folder();
    const { code, out } = await bayonData(["adopt", ...flags, "--state", state]);
    expect(code).toBe(1);
    expect(out).not.toContain("s3cret");
    const lines = readFileSync(join(state, "adopt", "left.ndjson"), "utf8")
      .trim()
      .split("\n");
    const left = lines.map((line) => JSON.parse(line) as RawItem);
    expect(left.map(({ kind, key }) => `${kind} ${key}`).toSorted()).toEqual(
      misplaced.map(([kind, { PK, SK }]) => `${kind} ${PK} / ${SK}`).toSorted(),
    );
    const changed = (await all()).filter((item, index) => item.userId !== before[index]?.userId);
    expect(changed.map(({ SK }) => SK)).toEqual(["CONTENT#neighbour"]);
  });

  test("loses no update of writers who go on meanwhile, old and new", async () => {
    const { open, put, all, data, client, name } = await newTable();
    const ids = Array.from({ length: 30 }, (_, index) => `k${index}`);
    await put(...ids.map((id) => content("u1", id, { count: 0 })));
    const counts = new Map(ids.map((id) => [id, 0]));
    let stopped = false;
    /** Adds one under a lock, as an application does that must not lose an update. */
    const newWriter = async (own: readonly string[]) => {
      for (let turn = 0; !stopped; turn += 1) {
        const contentId = own[turn % own.length] ?? "";
        const { updatedAt } = await data.savedContent.getOrThrow({ userId: "u1", contentId });
        const count = (counts.get(contentId) ?? 0) + 1;
        const lock = { ifUpdatedAt: updatedAt };
        await data.savedContent.update({ userId: "u1", contentId }, { count } as object, lock);
        counts.set(contentId, count);
      }
    };
    /** Puts whole items without what the earlier version did not know. */
    const oldWriter = async (own: readonly string[]) => {
      for (let turn = 0; !stopped; turn += 1) {
        const id = own[turn % own.length] ?? "";
        const count = (counts.get(id) ?? 0) + 1;
        const item = { ...content("u1", id, { count }), UpdatedAt: Date.now() };
        await client.send(new PutCommand({ TableName: name, Item: item }));
        counts.set(id, count);
      }
    };
    // A lock that adoption broke would fail here.
    const writers = [newWriter(ids.slice(0, 10)), oldWriter(ids.slice(10, 20))];
    const failed = Promise.all(writers).catch((error: unknown) => {
      stopped = true;
      return error;
    });
    const { table } = open();
    const totals: number[] = [];
    const haveWrittenAll = () => Math.min(...[...counts.values()].slice(0, 20)) > 0;
    try {
      // On a busy machine adoption may be over before the writers are through with their items.
      while (totals.length < 3 || !(stopped || haveWrittenAll())) {
        const { report } = await adopt(table);
        const { adopted = 0, complete = 0 } = report.entities.SavedContent ?? {};
        totals.push(adopted + complete + (report.left.contended ?? 0));
      }
    } finally {
      stopped = true;
    }
    expect(totals).toEqual(totals.map(() => 30));
    expect(await failed).not.toBeInstanceOf(ConditionalCheckFailedError);
    await Promise.all(writers);
    expect(haveWrittenAll()).toBe(true);
    for (const { SK, Data } of await all()) {
      const id = String(SK).slice("CONTENT#".length);
      expect([id, (Data as RawItem).count]).toEqual([id, counts.get(id)]);
    }
    // The last old writer is gone.
    const { report } = await adopt(table);
    expect(report.left).toEqual({});
    for (const item of await all()) {
      const id = String(item.SK).slice("CONTENT#".length);
      expect(item).toMatchObject({ contentId: id, GSI1SK: `CONTENT#${digits}#${id}` });
    }
  });

  test("is slowed, not failed, by throttles, resets and errors of the table", async () => {
    const { open, put, all } = await newTable();
    await put(...oldItems);
    const { table, wire } = open();
    wire
      .inject({ fault: "throttle", operation: "Scan", times: 9 })
      .inject({ fault: "throttle", operation: "UpdateItem", times: 40, after: 2 })
      .inject({ fault: "connectionReset", operation: "UpdateItem", times: 3, after: 1 })
      .inject({ fault: "serverError", operation: "Scan", times: 2, after: 1 })
      .inject({ fault: "timeout", times: 1 });
    const { report } = await adopt(table);
    expect(report.left).toEqual({});
    expect(await all()).toEqual(adoptedItems);
    expect(table.traffic.throttles).toBe(49);
    expect(table.traffic.requests).toBe(wire.requests.length);
  });
});

describe("adopt, interrupted", () => {
  const [{ engine }] = engines as [(typeof engines)[number]];
  const newTable = wholeTables(engine);

  test("by SIGKILL, ends as an undisturbed run when it is started again", async () => {
    const { name, put, all, data } = await newTable();
    const many = Array.from({ length: 100 }, (_, index) => content(`u${index}`, "k"));
    await put(...many, { PK: "X", SK: "Y" });
    await using proxy = await startFaultProxy({ target: data.engine.endpoint });
    const state = folder();
    const own = ["--state", state, "--concurrency", "24", "--json"];
    const args = ["adopt", ...flagsThrough(proxy, name), ...own];
    const adopted = async () => (await all()).filter((item) => item.userId !== undefined).length;
    await killedAt(proxy, "UpdateItem", 30, args);
    const doneBefore = await adopted();
    expect(doneBefore).toBeGreaterThan(0);
    expect(doneBefore).toBeLessThan(100);

    const { code, out } = await bayonData(args);
    expect(code).toBe(1);
    const { items, left, entities } = reportOf(out);
    expect({ items, left }).toEqual({ items: 101, left: { unknownType: 1 } });
    // Only what was not there yet was written. Requests are not counted: on a busy machine some are repeated.
    const { adopted: written = 0, complete = 0 } = entities.SavedContent ?? {};
    expect(written).toBeLessThanOrEqual(100 - doneBefore);
    expect(written + complete).toBe(100);
    expect(await adopted()).toBe(100);
    const lines = readFileSync(join(state, "adopt", "left.ndjson"), "utf8")
      .trim()
      .split("\n");
    expect(lines).toHaveLength(1);
    expect(existsSync(join(state, "adopt", "adopt.json"))).toBe(false);
  });

  test("by Ctrl-C, ends with 130 and the command to go on", async () => {
    const { flags, put } = await newTable();
    await put(...Array.from({ length: 100 }, (_, index) => content(`u${index}`, "k")));
    const controller = new AbortController();
    const state = folder();
    const args = ["adopt", ...flags, "--state", state];
    let updates = 0;
    const sending = atRequests((operation) => {
      if (operation === "UpdateItem") updates += 1;
      if (updates === 20) controller.abort(new Error("interrupted"));
    });
    const started = [...args, "--restart"];
    const { code, complaints } = await bayonData(started, controller.signal, sending);
    expect(updates).toBeLessThan(100);
    expect(code).toBe(130);
    expect(complaints).toContain(
      `To resume:\n  bayon-data adopt --environment local --table ${flags.at(-1)}`,
    );
    expect(complaints).toContain(`--state ${state}`);
    // It would begin again.
    expect(complaints).not.toContain("--restart");
    const other = await bayonData([...args, "--concurrency", "3"]);
    expect(other.code).toBe(1);
    expect(other.complaints).toContain("checkpoint of another run");
    const { code: then, out } = await bayonData(args);
    expect(then).toBe(0);
    expect(out).toContain("resuming from its checkpoint");
    expect(out).toContain("100 items");
  });

  test("goes on at the page where it was, and counts nothing twice", async () => {
    const { open, put, all } = await newTable();
    await put(...Array.from({ length: 60 }, (_, index) => content(`u${index}`, "k")));
    const state = { command: "adopt", folder: folder(), fingerprint: "test" };
    const findingsPath = join(folder(), "left.ndjson");
    let read = 0;
    for (let round = 1; ; round += 1) {
      const { table } = open();
      let pages = 0;
      const slow = {
        ...table,
        scan: async (input: Parameters<typeof table.scan>[0]) => {
          pages += 1;
          if (pages === 5) throw new Error("the power went");
          const answer = await table.scan({ ...input, Limit: 5 });
          read += answer.Items?.length ?? 0;
          return answer;
        },
      };
      const run = await openRun<AdoptionState>(state);
      try {
        const { report } = await adoptTable(slow, { segments: 2, findingsPath, run });
        expect(report.entities.SavedContent).toEqual({ adopted: 60, complete: 0 });
        break;
      } catch (error) {
        expect((error as Error).message).toBe("the power went");
        expect(round).toBeLessThan(8);
      } finally {
        await run.release();
      }
    }
    expect(read).toBe(60);
    expect((await all()).every((item) => item.contentId === "k")).toBe(true);
  });

  test("a second run at once is refused", async () => {
    const { flags, put } = await newTable();
    await put(content("u1", "k"));
    const args = ["adopt", ...flags, "--state", folder()];
    let other: Promise<Ran> | undefined;
    // The first does not go on before the second has ended.
    const sending = atRequests(async (operation) => {
      if (operation !== "UpdateItem") return;
      other ??= bayonData(args);
      await other;
    });
    expect(await bayonData(args, undefined, sending)).toMatchObject({ code: 0 });
    const refused = await other;
    expect(refused).toMatchObject({ code: 1 });
    expect(refused?.complaints).toContain("is already running this");
  });
});

describe("adopt ends with", () => {
  test.each([
    [["adopt", "--concurrency", "0"], 2, "from 1 to 1000"],
    [["adopt", "--environment", "production", "--region", "us-east-1"], 2, "--allow-production"],
    [["adopt", "--nonsense"], 2, "unknown option"],
  ])("%j → %i", async (args, code, text) => {
    const ran = await bayonData(args);
    expect(ran).toMatchObject({ code });
    expect(ran.complaints).toContain(text);
  });

  test("1 and advice where there is no such table", async () => {
    const { flags } = await wholeTableOfDefault();
    const args = [...flags.slice(0, -1), "not-there", "--state", folder()];
    const { code, complaints } = await bayonData(["adopt", ...args]);
    expect(code).toBe(1);
    expect(complaints).toContain("no such table: not-there");
  });

  const [{ engine }] = engines as [(typeof engines)[number]];
  const wholeTableOfDefault = wholeTables(engine);
});
