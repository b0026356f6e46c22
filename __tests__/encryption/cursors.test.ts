/** Cursors between data layers, and sealed ones: no key in them, none that was made up. */
import { createDataLayer, type DataLayer } from "../../src/data-layer.js";
import { ConfigurationError } from "../../src/errors/configuration-error.js";
import { ValidationError } from "../../src/errors/validation-error.js";
import type { CursorSecret } from "../../src/secrets/cursor-seal.js";
import { engines } from "../engines.js";
import { failureOf, openTable, requestsOf } from "../open.js";

const secret = "a secret of at least thirty-two bytes";
const another = Buffer.alloc(32, 7);
const content = { type: "Blog Post", content: "Text" };

describe.each(engines)("cursors on $name", (engine) => {
  const table = openTable(engine);
  const layers: DataLayer[] = [];
  afterAll(async () => {
    for (const layer of layers) await layer.close();
  });
  const layerOf = (cursorSecret?: CursorSecret) => {
    const { endpoint, region, credentials } = table.data.engine;
    const { tableName } = table.data.configuration;
    const place = { environment: "development", endpoint, region, credentials, tableName } as const;
    const layer = createDataLayer({ ...place, requestHandler: table.data.wire, cursorSecret });
    layers.push(layer);
    return layer;
  };
  beforeAll(async () => {
    for (const userId of ["ana", "ben"]) {
      await table.data.savedContent.batchPut(
        Array.from({ length: 6 }, (_, index) => ({
          userId,
          contentId: `${userId}-secret-id-${index}`,
          createdAt: 1_000 + index,
          data: content,
        })),
      );
      const project = { userId, data: { name: "n" } };
      await table.data.project.put({ ...project, projectId: "p1" });
      await table.data.project.put({ ...project, projectId: "p2" });
    }
  });
  beforeEach(() => table.data.wire.clear());

  const cursorOf = async (layer: DataLayer, userId = "ana", options: object = {}) => {
    const { cursor } = await layer.savedContent.query({ userId }, { limit: 2, ...options });
    expect(cursor).not.toBeNull();
    table.data.wire.clear();
    return cursor as string;
  };
  async function refused(
    layer: DataLayer,
    cursor: string,
    message = "is not one that a query returned",
    options: object = {},
  ) {
    table.data.wire.clear();
    const given = { ...options, cursor };
    const iterate = async () => {
      for await (const item of layer.savedContent.list({ userId: "ana" }, given)) return item;
      return undefined;
    };
    for (const [name, call] of [
      ["query", () => layer.savedContent.query({ userId: "ana" }, given)],
      ["list", iterate],
    ] as const) {
      const error = await failureOf<ValidationError>(call(), ValidationError);
      expect(error.issues).toEqual([{ path: "cursor", message }]);
      expect(error.message).toBe(`${name} SavedContent (userId=ana): cursor ${message}`);
    }
    expect(requestsOf(table.data)).toEqual([]);
  }

  test.each([
    ["without a secret", undefined],
    ["with one secret", secret],
    ["with bytes", another],
  ])("go on in another data layer, %s", async (_, cursorSecret) => {
    for (const by of ["key", "createdAt"] as const) {
      const found: string[] = [];
      let cursor: string | null = null;
      do {
        // Another instance answers each page, as serverless functions do.
        const page: { items: { contentId: string }[]; cursor: string | null } = await layerOf(
          cursorSecret,
        ).savedContent.query({ userId: "ana" }, { by, limit: 2, cursor });
        found.push(...page.items.map(({ contentId }) => contentId));
        cursor = page.cursor;
      } while (cursor !== null);
      expect(found).toEqual([0, 1, 2, 3, 4, 5].map((index) => `ana-secret-id-${index}`));
    }
    const layer = layerOf(cursorSecret);
    const rest: string[] = [];
    const list = layer.savedContent.list({ userId: "ana" }, { cursor: await cursorOf(layer) });
    // Each loop over it reads anew.
    for (let loop = 0; loop < 2; loop += 1) {
      for await (const { contentId } of list) rest.push(contentId);
    }
    expect(rest).toHaveLength(8);
    expect(rest.slice(0, 4)).toEqual(rest.slice(4));
  });

  test("that are sealed show no key, are texts that fit into a URL, and differ each time", async () => {
    const layer = layerOf(secret);
    const cursor = await cursorOf(layer);
    const plain = await cursorOf(layerOf());
    const decoded = (text: string) =>
      text
        .split(".")
        .map((part) => Buffer.from(part, "base64url").toString())
        .join();
    expect(decoded(plain)).toContain("ana-secret-id-1");
    expect(decoded(cursor)).not.toMatch(/ana|USER|CONTENT|secret-id/);
    expect(encodeURIComponent(cursor)).toBe(cursor);
    expect(await cursorOf(layer)).not.toBe(cursor);
  });

  test("are refused where they are not sealed, or sealed and no secret is there, or by another", async () => {
    const [plain, sealing, other] = [layerOf(), layerOf(secret), layerOf(another)];
    await refused(sealing, await cursorOf(plain));
    await refused(plain, await cursorOf(sealing));
    await refused(other, await cursorOf(sealing));
    const { CompactEncrypt } = await import("jose");
    for (const key of [another, Buffer.alloc(32)]) {
      const forged = await new CompactEncrypt(
        Buffer.from(
          Buffer.from(
            JSON.stringify([1, "SavedContent", "key", "asc", "USER#ana", "CONTENT#a"]),
          ).toString("base64url"),
        ),
      )
        .setProtectedHeader({ typ: "bayon-cursor", alg: "dir", enc: "A256GCM" })
        .encrypt(key);
      // The secret itself is not the key.
      await refused(other, forged);
      await refused(sealing, forged);
    }
  });

  test("of all secrets of a list are taken, and the first one seals", async () => {
    const [older, changing, newer] = [
      layerOf(another),
      layerOf([secret, another]),
      layerOf(secret),
    ];
    const old = await cursorOf(older);
    const next = await cursorOf(changing);
    for (const cursor of [old, next]) {
      const { items } = await changing.savedContent.query({ userId: "ana" }, { cursor, limit: 1 });
      expect(items[0]?.contentId).toBe("ana-secret-id-2");
    }
    await newer.savedContent.query({ userId: "ana" }, { cursor: next });
    await refused(older, next);
    await refused(newer, old);
  });

  test("are bound to partition, entity, index and order when they are sealed too", async () => {
    const layer = layerOf(secret);
    await refused(layer, await cursorOf(layer, "ben"), "belongs to another partition");
    const dated = await cursorOf(layer, "ana", { by: "createdAt" });
    await refused(layer, dated, "belongs to another index");
    await refused(layer, dated, "lies outside the range of from and to", { from: 1_003 });
    const down = await cursorOf(layer, "ana", { order: "desc" });
    await refused(layer, down, "belongs to another order");
    const { cursor } = await layer.project.query({ userId: "ana" }, { limit: 1 });
    table.data.wire.clear();
    await refused(layer, cursor as string, "belongs to another entity");
  });

  test("are bound to a user's scope, sealed or not", async () => {
    for (const layer of [layerOf(), layerOf(secret)]) {
      const ben = await cursorOf(layer, "ben");
      const scope = layer.forUser("ana");
      const error = await failureOf(scope.savedContent.query({}, { cursor: ben }), ValidationError);
      expect(error.message).toContain("belongs to another partition");
      expect(requestsOf(table.data)).toEqual([]);
      const { cursor } = await scope.savedContent.query({}, { limit: 2 });
      const page = await layer.savedContent.query({ userId: "ana" }, { cursor, limit: 1 });
      expect(page.items[0]?.contentId).toBe("ana-secret-id-2");
      await failureOf(layer.forUser("ben").savedContent.query({}, { cursor }), ValidationError);
    }
  });

  test("of which any character was changed, left out or added are refused", async () => {
    const layer = layerOf(secret);
    const cursor = await cursorOf(layer);
    const message = "cursor is not one that a query returned";
    const changed = new Set<string>();
    for (let at = 0; at < cursor.length; at += 1) {
      const code = cursor.charCodeAt(at);
      for (let bit = 0; bit < 7; bit += 1) {
        changed.add(
          cursor.slice(0, at) + String.fromCharCode(code ^ (1 << bit)) + cursor.slice(at + 1),
        );
      }
      changed.add(cursor.slice(0, at) + cursor.slice(at + 1));
      changed.add(`${cursor.slice(0, at)}A${cursor.slice(at)}`);
    }
    for (const end of ["=", ".", "\n", "A"]) changed.add(cursor + end);
    changed.delete(cursor);
    expect(changed.size).toBeGreaterThan(1_500);
    for (const one of changed) {
      const outcome = await layer.savedContent.query({ userId: "ana" }, { cursor: one }).then(
        () => "taken",
        (error: Error) => error.message,
      );
      expect([one, outcome]).toEqual([one, `query SavedContent (userId=ana): ${message}`]);
    }
    expect(requestsOf(table.data)).toEqual([]);
    expect((await layer.savedContent.query({ userId: "ana" }, { cursor })).items).toHaveLength(4);
  });

  test("that are sealed leave list lazy: its other options are checked at once, nothing is sent", async () => {
    const layer = layerOf(secret);
    const cursor = await cursorOf(layer);
    const list = layer.savedContent.list({ userId: "ana" }, { cursor });
    expect(() => layer.savedContent.list({ userId: "ana" }, { cursor, limit: 0 })).toThrow(
      ValidationError,
    );
    await new Promise((resolve) => setImmediate(resolve));
    expect(requestsOf(table.data)).toEqual([]);
    for await (const { contentId } of list) {
      expect(contentId).toBe("ana-secret-id-2");
      break;
    }
    expect(requestsOf(table.data)).toEqual(["Query"]);
  });
});

test.each([
  ["a short text", "canary"],
  ["an empty one", ""],
  ["short bytes", Buffer.alloc(31)],
  ["a number", 5],
  ["null", null],
  ["an empty list", []],
  ["a list with a short one", [secret, "canary"]],
  ["a list in a list", [[secret]]],
])("%s is no cursorSecret", (_, cursorSecret) => {
  const make = () => createDataLayer({ environment: "local", cursorSecret: cursorSecret as never });
  expect(make).toThrow(ConfigurationError);
  expect(make).toThrow(/^cursorSecret must (?!.*canary)/);
});
