/** All items of one entity over all partitions: `scan`. */
import { inspect } from "node:util";
import { ScanCommand, type ScanCommandInput } from "@aws-sdk/lib-dynamodb";
import { savedContent } from "../../entities/saved-content.js";
import { createDataLayer } from "../../src/data-layer.js";
import { modelOf } from "../../src/entity/model.js";
import { AbortedError } from "../../src/errors/aborted-error.js";
import { DynamoDBError } from "../../src/errors/dynamodb-error.js";
import { ThroughputExceededError } from "../../src/errors/throughput-exceeded-error.js";
import { TimeoutError } from "../../src/errors/timeout-error.js";
import { ValidationError } from "../../src/errors/validation-error.js";
import type { ScanPage } from "../../src/index.js";
import { decodeScanCursor, encodeScanCursor } from "../../src/read/scan-cursor.js";
import { scanTable } from "../../src/store/scan.js";
import { engines, settings } from "../engines.js";
import { bareClient, failureOf, openTable, requestsOf } from "../open.js";

interface Content {
  readonly userId: string;
  readonly contentId: string;
  readonly data: object;
}

const users = Array.from({ length: 8 }, (_, index) => `u${index}`);
const ids = users.flatMap((userId) => [0, 1].map((index) => `${userId}-c${index}`)).sort();

async function pagesOf<Page extends ScanPage<unknown>>(pages: AsyncIterable<Page>) {
  const all: Page[] = [];
  for await (const page of pages) all.push(page);
  return all;
}
const idsOf = (pages: readonly ScanPage<Content>[]) =>
  pages.flatMap(({ items }) => items.map(({ contentId }) => contentId)).sort();
const turns = () => new Promise((resolve) => setTimeout(resolve, 50));

describe.each(engines)("scan on $name", (engine) => {
  const table = openTable(engine, { retry: { maxRetries: 2, initialDelayMs: 1, maxDelayMs: 2 } });
  const store = () => table.data.savedContent;

  beforeAll(async () => {
    // Five of these items fill a page of 1 MB.
    const content = "x".repeat(200_000);
    await store().batchPut(
      users.flatMap((userId, at) =>
        [0, 1].map((index) => ({
          userId,
          contentId: `${userId}-c${index}`,
          data: { type: "Blog", content, status: at === 7 ? "rare" : "usual" },
        })),
      ),
    );
    await table.data.project.batchPut(
      users.map((userId) => ({ userId, projectId: "p1", data: { name: userId } })),
    );
    // Another writer's: under a key of the entity's, without its name and with another one.
    await table.raw.put(
      { PK: "USER#u1", SK: "CONTENT#nameless", Data: { type: "Blog", content: "c" } },
      { PK: "USER#u1", SK: "CONTENT#other", EntityType: "Other", Data: {} },
      { PK: "USER#u1", SK: "ELSEWHERE", EntityType: "SavedContent", Data: { type: "Blog" } },
    );
  });
  beforeEach(() => table.data.wire.clear());
  afterEach(() => table.data.wire.clear());

  /** What a client of the SDK's own reads: how many pages, and how many items it is said to have read. */
  async function readAll(TotalSegments: number): Promise<{ pages: number; scanned: number }> {
    const client = bareClient(table.data);
    const TableName = table.data.configuration.tableName;
    let pages = 0;
    let scanned = 0;
    for (let Segment = 0; Segment < TotalSegments; Segment += 1) {
      let ExclusiveStartKey: Record<string, unknown> | undefined;
      do {
        const input = { TableName, Segment, TotalSegments, ExclusiveStartKey };
        const answer = await client.send(new ScanCommand(input));
        ExclusiveStartKey = answer.LastEvaluatedKey;
        pages += 1;
        scanned += answer.ScannedCount ?? 0;
      } while (ExclusiveStartKey !== undefined);
    }
    client.destroy();
    return { pages, scanned };
  }

  test("sends nothing before it is read", async () => {
    store().scan();
    await turns();
    expect(requestsOf(table.data)).toEqual([]);
  });

  test.each([3, 64])("in %i segments finds each item of the entity once", async (segments) => {
    const pages = await pagesOf(store().scan({ segments }));
    expect(idsOf(pages)).toEqual(ids);
    expect(pages.map(({ cursor }) => cursor === null)).toEqual(
      pages.map((_, at) => at === pages.length - 1),
    );
  });

  test.each([1, 3, 8])("in %i segments sends a request per page of each", async (segments) => {
    const { pages: expected } = await readAll(segments);
    const pages = await pagesOf(store().scan({ segments }));
    expect(requestsOf(table.data)).toEqual(Array(expected).fill("Scan"));
    expect(pages).toHaveLength(expected);
    if (segments < 8) expect(expected).toBeGreaterThan(segments);
  });

  test("has four segments if it names none", async () => {
    const [first] = await pagesOf(store().scan());
    expect(first?.progress.segments).toBe(4);
  });

  test("items are those that get returns", async () => {
    const pages = await pagesOf(store().scan({ where: { status: "rare" } }));
    const found = pages.flatMap(({ items }) => items);
    const sorted = found.toSorted((a, b) => (a.contentId < b.contentId ? -1 : 1));
    const keys = ["u7-c0", "u7-c1"].map((contentId) => ({ userId: "u7", contentId }));
    expect(sorted).toEqual(await store().batchGet(keys));
  });

  test("where, fields and consistent are those of query and get", async () => {
    const scan = store().scan({
      segments: 1,
      where: (content, { begins, eq }) =>
        `${begins(content.status, "ra")} OR ${eq(content.status, "?")}`,
      fields: ["status"],
      consistent: true,
    });
    const found = (await pagesOf(scan)).flatMap(({ items }) => items);
    expect(found.map(({ data }) => data)).toEqual([{ status: "rare" }, { status: "rare" }]);
    expect(found[0]).toMatchObject({ userId: "u7", createdAt: expect.any(Number) });
    for (const { input } of table.data.wire.requests) {
      expect(input).toMatchObject({ ConsistentRead: true, TotalSegments: 1, Segment: 0 });
      expect(input.FilterExpression).toMatch(
        /^#0 = :0 AND \(begins_with\((#\w\.#\w), :1\) OR \1 = :2\)$/,
      );
    }
  });

  test("progress counts what was read, what was found and the segments that are done", async () => {
    const { scanned } = await readAll(3);
    const pages = await pagesOf(table.data.project.scan({ segments: 3 }));
    const progress = pages.map((page) => page.progress);
    expect(progress.at(-1)).toEqual({ scanned, found: 8, segmentsDone: 3, segments: 3 });
    for (const name of ["scanned", "found", "segmentsDone"] as const) {
      const counts = progress.map((one) => one[name]);
      expect(counts).toEqual(counts.toSorted((a, b) => a - b));
    }
    expect(progress[0]?.scanned).toBeLessThan(scanned);
    expect(progress[0]?.segmentsDone).toBeLessThan(3);
  });

  test.each([3])("continues at the cursor of each page, in %i segments", async (segments) => {
    const pages = await pagesOf(store().scan({ segments }));
    for (let at = 0; at < pages.length - 1; at += 1) {
      const cursor = pages[at]?.cursor;
      // The number of segments is that of the cursor.
      const rest = await pagesOf(store().scan({ cursor }));
      expect(idsOf([...pages.slice(0, at + 1), ...rest])).toEqual(ids);
      expect(rest.at(-1)?.progress).toMatchObject({ segmentsDone: segments, segments });
    }
  });

  test.each([4])("limit counts items over all pages, in %i segments", async (segments) => {
    const found: ScanPage<Content>[] = [];
    let cursor: string | null = null;
    do {
      const pages: ScanPage<Content>[] = await pagesOf(
        store().scan({ segments, limit: 5, cursor }),
      );
      const count = pages.flatMap(({ items }) => items).length;
      cursor = pages.at(-1)?.cursor ?? null;
      expect(count).toBeLessThanOrEqual(5);
      if (cursor !== null) expect(count).toBe(5);
      found.push(...pages);
    } while (cursor !== null);
    expect(idsOf(found)).toEqual(ids);
  });

  test("a limit costs one request per segment beyond those that found its items", async () => {
    await pagesOf(store().scan({ segments: 1, limit: 3 }));
    expect(requestsOf(table.data)).toEqual(["Scan"]);
    await pagesOf(store().scan({ segments: 8, limit: 1 }));
    await turns();
    expect(requestsOf(table.data).length).toBeLessThanOrEqual(8 + 8);
  });

  test("each loop over the result reads from the beginning", async () => {
    const scan = store().scan({ segments: 2 });
    expect(idsOf(await pagesOf(scan))).toEqual(ids);
    expect(idsOf(await pagesOf(scan))).toEqual(ids);
  });

  test("a slow reader has one page of each segment in memory, and no more", async () => {
    const segments = 3;
    // A request that is sent again, because its connection was cut while it was idle, reads no other page.
    const requested = () =>
      new Set(
        table.data.wire.requests.map(({ input: { Segment, ExclusiveStartKey } }) =>
          JSON.stringify([Segment, ExclusiveStartKey]),
        ),
      ).size;
    let pages = 0;
    for await (const _ of store().scan({ segments })) {
      pages += 1;
      await turns();
      // Of each other segment one page is there, and of this one the page at hand.
      expect(requested()).toBeLessThanOrEqual(pages - 1 + segments);
    }
    expect(pages).toBe(requested());
  });

  test("gives up what is under way when its reader stops", async () => {
    const { engine: place, configuration, wire } = table.data;
    const { endpoint, region, credentials } = place;
    const layer = createDataLayer({
      ...{ environment: "development", endpoint, region, credentials, requestHandler: wire },
      tableName: configuration.tableName,
      retry: { maxRetries: 30, initialDelayMs: 20, maxDelayMs: 40 },
    });
    wire.inject({ fault: "throttle", after: 1, times: Number.POSITIVE_INFINITY });
    for await (const _ of layer.savedContent.scan({ segments: 4 })) break;
    await turns();
    const sent = wire.requests.length;
    await turns();
    expect(wire.requests).toHaveLength(sent);
    await layer.close();
  });

  test("reads a page again whose answer was lost or throttled", async () => {
    for (const fault of ["answerLost", "throttle", "connectionReset", "bodyCut"] as const) {
      table.data.wire.clear().inject({ fault, after: 2, times: 2 });
      expect(idsOf(await pagesOf(store().scan({ segments: 3 })))).toEqual(ids);
      expect(table.data.wire.requests.filter((one) => one.fault === fault)).toHaveLength(2);
    }
  });

  test("names the segment that failed, and continues at the last page's cursor", async () => {
    table.data.wire.inject({ fault: "throttle", after: 3, times: Number.POSITIVE_INFINITY });
    const pages: ScanPage<Content>[] = [];
    const reading = async () => {
      for await (const page of store().scan({ segments: 3 })) pages.push(page);
    };
    const error = await failureOf(reading(), ThroughputExceededError);
    expect(error.message).toMatch(/^scan SavedContent \(segment [123] of 3\): /);
    expect(error).toMatchObject({ operation: "scan", entity: "SavedContent", key: undefined });
    expect(pages.length).toBeGreaterThan(0);
    table.data.wire.clear();
    const rest = await pagesOf(store().scan({ cursor: pages.at(-1)?.cursor }));
    expect(idsOf([...pages, ...rest])).toEqual(ids);
  });

  test("an aborted signal ends the loop at the next page, and refuses a loop that begins", async () => {
    const controller = new AbortController();
    const reason = new Error("enough");
    let pages = 0;
    const reading = async () => {
      for await (const _ of store().scan({ segments: 3, signal: controller.signal })) {
        pages += 1;
        // The other segments' pages have arrived.
        await turns();
        controller.abort(reason);
      }
    };
    const error = await failureOf(reading(), AbortedError);
    expect(error.cause).toBe(reason);
    expect(pages).toBe(1);
    table.data.wire.clear();
    await failureOf(pagesOf(store().scan({ signal: controller.signal })), AbortedError);
    expect(requestsOf(table.data)).toEqual([]);
  });

  test("timeoutMs applies to each request", async () => {
    table.data.wire.inject({ fault: "slow", delayMs: 2_000, times: 1 });
    const error = await failureOf(pagesOf(store().scan({ timeoutMs: 30 })), TimeoutError);
    expect(error.message).toMatch(
      /^scan SavedContent \(segment \d of 4\): no response within 30 ms/,
    );
  });

  /** A layer whose scans are answered as `answered` says of their inputs. */
  async function scanAnswered(answered: (input: ScanCommandInput) => ScanCommandInput) {
    const bare = bareClient(table.data);
    const send = async ({ input }: { input: ScanCommandInput }) =>
      bare.send(new ScanCommand(answered(input)));
    const layer = createDataLayer({
      ...{ environment: "development", tableName: table.data.configuration.tableName },
      client: { send } as never,
    });
    const pages: ScanPage<Content>[] = [];
    const failed = (async () => {
      for await (const page of layer.savedContent.scan({ segments: 3 })) pages.push(page);
    })().finally(() => layer.close().finally(() => bare.destroy()));
    return { pages, failed };
  }
  const isTwice = (list: readonly string[]) => new Set(list).size < list.length;

  test("a segment that is answered with another one's page ends the scan: no item comes twice", async () => {
    const { pages, failed } = await scanAnswered((input) =>
      input.Segment === 1 ? { ...input, Segment: 0 } : input,
    );
    const error = await failureOf(failed, DynamoDBError);
    expect(error.message).toMatch(/^scan SavedContent: .*it has a page that was read before$/);
    expect(isTwice(idsOf(pages))).toBe(false);
  });

  // dynoxide continues a segment at any key.
  const refusesForeignKeys = engine.engine === "dynoxide" ? test.skip : test;
  refusesForeignKeys(
    "segments whose pages were swapped are not continued: none goes on at the other's key",
    async () => {
      const { pages, failed } = await scanAnswered((input) =>
        input.ExclusiveStartKey === undefined && input.Segment !== 2
          ? { ...input, Segment: 1 - Number(input.Segment) }
          : input,
      );
      // The engine refuses it, or the scan itself, whose segments then meet.
      const error = await failureOf(failed, DynamoDBError);
      expect(error.message).toMatch(/^scan SavedContent.*: .*segment/is);
      expect(isTwice(idsOf(pages))).toBe(false);
    },
  );
});

describe.each(settings)("the cursors of a scan on $name", (engine) => {
  const table = openTable(engine);
  const store = () => table.data.savedContent;
  beforeAll(async () => {
    await store().batchPut(
      ids.map((contentId) => ({ userId: "u1", contentId, data: { type: "Blog", content: "c" } })),
    );
    await table.data.oauthToken.put({ userId: "u1", data: { accessToken: "secret token" } });
  });
  beforeEach(() => table.data.wire.clear());

  test("continue behind each item, on pages that a limit cuts", async () => {
    for (const segments of [1, 2]) {
      const found: string[] = [];
      let cursor: string | null = null;
      do {
        const pages: ScanPage<Content>[] = await pagesOf(
          store().scan({ segments, limit: 1, cursor }),
        );
        found.push(...idsOf(pages));
        cursor = pages.at(-1)?.cursor ?? null;
      } while (cursor !== null);
      expect(found.sort()).toEqual(ids);
    }
  });

  test("are of reads that open secrets as other reads do", async () => {
    const found = (await pagesOf(table.data.oauthToken.scan())).flatMap(({ items }) => items);
    expect(found).toEqual([await table.data.oauthToken.get({ userId: "u1" })]);
    expect(found[0]?.data.accessToken).toBe("secret token");
    expect(inspect(found)).not.toContain("secret token");
  });

  test("a cursor of other segments, another entity or another call is refused", async () => {
    const pages = await pagesOf(store().scan({ segments: 3, limit: 1 }));
    const cursor = pages.at(-1)?.cursor as string;
    const query = await store().query({ userId: "u1" }, { limit: 1 });
    const { previous } = await store().query({ userId: "u1" }, { limit: 1, cursor: query.cursor });
    expect(previous).not.toBeNull();
    table.data.wire.clear();
    const refused: [() => Promise<unknown>, string][] = [
      [() => pagesOf(store().scan({ segments: 4, cursor })), "belongs to a scan in 3 segments"],
      [() => pagesOf(table.data.project.scan({ cursor })), "belongs to another entity"],
      [() => store().query({ userId: "u1" }, { cursor }), "is not one that a query returned"],
      ...[
        query.cursor as string,
        previous as string,
        "",
        "W10",
        "not a cursor",
        cursor.slice(1),
      ].map((odd): [() => Promise<unknown>, string] => [
        () => pagesOf(store().scan({ cursor: odd })),
        "is not one that a scan returned",
      ]),
    ];
    for (const [call, message] of refused) {
      // Without a secret the call throws at once, with one its loop does.
      const error = await failureOf((async () => call())(), ValidationError);
      expect(error.issues).toEqual([{ path: "cursor", message }]);
    }
    expect(requestsOf(table.data)).toEqual([]);
  });

  test("a cursor's size is bounded, and it is sealed where cursors are", async () => {
    const scan = store().scan({ segments: 64 });
    const cursors = (await pagesOf(scan)).flatMap(({ cursor }) => cursor ?? []);
    expect(Math.max(...cursors.map(({ length }) => length))).toBeLessThan(64 * 100);
    const [one] = await pagesOf(store().scan({ segments: 1, limit: 1 }));
    const decoded = Buffer.from(one?.cursor as string, "base64url").toString("latin1");
    expect(decoded.includes("USER#")).toBe(engine.cursorSecret === undefined);
  });
});

describe("scan", () => {
  const layer = createDataLayer({ environment: "local" });
  afterAll(() => layer.close());
  const key = (PK: unknown, SK: unknown = "CONTENT#c") => [PK, SK];
  const cursorOf = (...fields: unknown[]) =>
    Buffer.from(JSON.stringify(fields)).toString("base64url");

  test.each<[string, object, string]>([
    ["no segments", { segments: 0 }, "segments must be an integer from 1 to 64"],
    ["too many segments", { segments: 65 }, "segments must be an integer from 1 to 64"],
    ["a part of a segment", { segments: 1.5 }, "segments must be an integer from 1 to 64"],
    ["segments as a text", { segments: "4" }, "segments must be an integer from 1 to 64"],
    ["no limit", { limit: 0 }, "limit must be an integer from 1"],
    ["a limit as a text", { limit: "1" }, "limit must be an integer from 1"],
    ["consistent as a text", { consistent: "yes" }, "consistent must be true or false"],
    ["no list of fields", { fields: "name" as never }, "fields must be"],
    ["an order", { order: "desc" }, '"order" is not an option: the options are segments, where'],
    ["a misspelt option", { segment: 1 }, 'did you mean "segments"?'],
    ["a where that is none", { where: 5 }, "where must be"],
    ["a long cursor", { cursor: "x".repeat(64 * 33_000 + 1) }, "are at most 2112000 characters"],
    ["options that are none", "text" as never, "must be an object"],
  ])("refuses %s at once", (_, options, message) => {
    expect(() => layer.savedContent.scan(options)).toThrow(ValidationError);
    expect(() => layer.savedContent.scan(options)).toThrow(message);
    expect(() => layer.savedContent.scan(options)).toThrow(/^scan SavedContent: /);
  });

  test.each<[string, unknown]>([
    ["no segments", []],
    ["too many", Array.from({ length: 65 }, () => "start")],
    ["segments that are all done", ["end", "end"]],
    ["another position", ["start", "middle"]],
    ["a key with one part", [["USER#u"]]],
    ["a key of no texts", [key(1)]],
    ["an empty key", [key("")]],
    ["a lone surrogate", [key("USER#\ud800")]],
    ["no list", "start"],
  ])("refuses a made-up cursor with %s", (_, places) => {
    const wrong = cursorOf("scan", 1, "SavedContent", places);
    expect(() => layer.savedContent.scan({ cursor: wrong })).toThrow(
      "scan SavedContent: cursor is not one that a scan returned",
    );
    const right = cursorOf("scan", 1, "SavedContent", ["start", key("USER#u")]);
    expect(() => layer.savedContent.scan({ cursor: right })).not.toThrow();
    for (const other of [cursorOf("scan", 2, "SavedContent", ["start"]), cursorOf(1, 1, "x", [])]) {
      expect(() => layer.savedContent.scan({ cursor: other })).toThrow("is not one that a scan");
    }
  });

  test("a cursor's longest form fits its limit", () => {
    const longest = { PK: "\u0000".repeat(2_048), SK: "\u0000".repeat(1_024) };
    const positions = Array.from({ length: 64 }, () => longest);
    const cursor = encodeScanCursor("SavedContent", positions);
    // Sealed, it takes a third more, and some header.
    expect((cursor.length * 4) / 3 + 1_000).toBeLessThan(64 * 33_000);
    expect(decodeScanCursor(cursor, "SavedContent", 64, {})).toEqual(positions);
  });

  test("of an owner's store is refused, though no scope has it", () => {
    const model = modelOf(savedContent, { owner: { userId: "u1" } });
    const context = { transport: {}, tableName: "T", cursorSeal: undefined };
    expect(() => scanTable(model, context as never, {})).toThrow(
      new ValidationError("scan SavedContent: reads all owners' items: a scope has no scan"),
    );
  });
});
