/** Callers that mean harm, or that are merely careless: nothing they do reaches anything but their call. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import vm from "node:vm";
import { ValidationError } from "../../src/errors/validation-error.js";
import { engines } from "../engines.js";
import { failureOf, openTable, requestsOf } from "../open.js";

/** Freezes a value with everything in it. */
function frozen<T>(value: T): T {
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) return value;
  for (const member of Object.values(value)) frozen(member);
  return Object.freeze(value);
}

describe.each(engines)("on $name", (engine) => {
  const table = openTable(engine, { retry: { initialDelayMs: 0, maxDelayMs: 1 } });
  const key = (projectId: string) => ({ userId: "u1", projectId });
  beforeEach(() => table.data.wire.clear());

  test.each(["Object", "Set", "Map", "String", "Number", "Boolean", "Uint8Array", "Date", "x"])(
    "a map that says its constructor is %s is stored as the map it is",
    async (name) => {
      const { project } = table.data;
      const fields = {
        plain: { constructor: { name }, length: 2 },
        nested: [{ deep: { constructor: { name }, toString: "no", valueOf: null } }],
        constructor: { name },
      };
      const data = { name: "n", ...fields };
      const stored = { id: "constructor", ...data };
      await project.put({ ...key("constructor"), data });
      expect((await project.get(key("constructor")))?.data).toEqual(stored);
      await project.batchPut([{ ...key("constructor"), data }]);
      expect((await project.get(key("constructor")))?.data).toEqual(stored);
      const updated = await project.update(key("constructor"), fields as object);
      expect(updated.data).toEqual(stored);
      const where = { plain: fields.plain } as object;
      if (engine.name !== "dynalite") {
        expect((await project.query({ userId: "u1" }, { where })).items).toHaveLength(1);
      }
    },
  );

  test("__proto__ is refused wherever it would be written, and changes no prototype", async () => {
    const { project } = table.data;
    await project.put({ ...key("proto"), data: { name: "n", ...{ map: { a: 1 } } } });
    table.data.wire.clear();
    const poison = JSON.parse('{"name":"n","__proto__":{"admin":true}}');
    const calls = [
      () => project.put({ ...key("proto"), data: poison }),
      () => project.put({ ...key("proto"), data: { name: "n", ...{ map: poison } } }),
      () => project.update(key("proto"), poison),
      () => project.update(key("proto"), {}, { set: [[["name", "__proto__"], { admin: true }]] }),
      () => project.update(key("proto"), {}, { remove: [["name", "__proto__"]] }),
    ];
    for (const call of calls) {
      expect((await failureOf(call(), ValidationError)).message).toContain("__proto__");
    }
    expect(requestsOf(table.data)).toEqual([]);
    expect("admin" in {}).toBe(false);
  });

  test("values of another realm are stored like those of this one", async () => {
    const { project } = table.data;
    const input = vm.runInNewContext(`({
      userId: "u1",
      projectId: "realm",
      data: {
        name: "n",
        list: [1, { a: [] }],
        map: { constructor: "x", empty: Object.create(null) },
        set: new Set(["a"]),
        bytes: new Uint8Array([1, 2]),
        big: 2n ** 60n,
      },
    })`);
    await project.put(input);
    expect((await project.get(key("realm")))?.data).toEqual({
      id: "realm",
      name: "n",
      list: [1, { a: [] }],
      map: { constructor: "x", empty: {} },
      set: new Set(["a"]),
      bytes: new Uint8Array([1, 2]),
      big: 2n ** 60n,
    });
  });

  test("frozen inputs are taken, and none is changed", async () => {
    const { project } = table.data;
    const shared = { list: [1, 2, 3], nothing: undefined };
    const input = frozen({ ...key("frozen"), data: { name: "n", one: shared, two: shared } });
    await project.create(input);
    await project.put(input);
    await project.batchPut(frozen([input, input]));
    const options = frozen({ set: [[["one", "list", 0], 5]], remove: [["two", "list"]] }) as object;
    const item = await project.update(frozen(key("frozen")), frozen({ name: "m" }), options);
    expect(item.data).toEqual({ id: "frozen", name: "m", one: { list: [5, 2, 3] }, two: {} });
    expect(input.data).toStrictEqual({ name: "n", one: shared, two: shared });
  });

  test("what a caller changes after the call changes nothing that is on its way", async () => {
    const { project } = table.data;
    const fields = { set: new Set(["a"]), bytes: new Uint8Array([1]), list: [1], map: { x: 1 } };
    const input = { ...key("late"), data: { name: "n", ...fields } };
    // The first attempt fails, so that the item is sent after the change.
    table.data.wire.inject({ fault: "throttle", operation: "PutItem" });
    const calls = [project.create(input), project.batchPut([{ ...input, projectId: "late2" }])];
    fields.set.add("b");
    fields.bytes[0] = 9;
    fields.list.push(2);
    fields.map.x = 2;
    input.projectId = "other";
    await Promise.all(calls);
    const stored = { set: new Set(["a"]), bytes: new Uint8Array([1]), list: [1], map: { x: 1 } };
    for (const id of ["late", "late2"]) {
      expect((await project.get(key(id)))?.data).toEqual({ id, name: "n", ...stored });
    }
    expect(await project.get(key("other"))).toBeNull();
  });

  test("two callers that ask for one item get one each, by get and by batchGet", async () => {
    const { project } = table.data;
    await project.put({ ...key("shared"), data: { name: "n", ...{ list: [1] } } });
    const [one, two] = await Promise.all([project.get(key("shared")), project.get(key("shared"))]);
    const [three, four] = await project.batchGet([key("shared"), key("shared")]);
    for (const changed of [one, three]) {
      const data = changed?.data as { list: number[] } | undefined;
      data?.list.push(2);
    }
    for (const untouched of [two, four]) {
      expect(untouched?.data).toEqual({ id: "shared", name: "n", list: [1] });
    }
  });

  test("a hole in a batch is refused, and moves nothing up", async () => {
    const { project } = table.data;
    const items = [{ ...key("hole"), data: { name: "n" } }];
    const holed = [...new Array(1), ...items];
    delete holed[0];
    const put = await failureOf(project.batchPut(holed), ValidationError);
    expect(put.issues.map(({ path }) => path)).toContain("items[0].userId");
    const get = await failureOf(project.batchGet(holed), ValidationError);
    expect(get.issues.map(({ path }) => path)).toEqual(["keys[0].userId", "keys[0].projectId"]);
    expect(requestsOf(table.data)).toEqual([]);
  });

  test("a list can be looped over again, and reads again", async () => {
    const { project } = table.data;
    await project.batchPut(
      ["a", "b", "c"].map((projectId) => ({ userId: "loop", projectId, data: { name: "n" } })),
    );
    const list = project.list({ userId: "loop" });
    for (const expected of ["a,b,c", "a,b"]) {
      const ids: string[] = [];
      for await (const { projectId } of list) ids.push(projectId);
      expect(ids.join()).toBe(expected);
      await project.delete({ userId: "loop", projectId: "c" });
    }
  });

  test("batchGet ends with its first failure: nothing goes on in the background", async () => {
    const { project, wire } = table.data;
    const keys = Array.from({ length: 3_000 }, (_, index) => key(`many${index}`));
    wire.inject({ fault: "throttle", operation: "BatchGetItem", times: Number.POSITIVE_INFINITY });
    await failureOf(project.batchGet(keys), Error);
    const sent = requestsOf(table.data).length;
    // Eight are in flight; each is tried four times.
    expect(sent).toBeLessThanOrEqual(8 * 4);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(requestsOf(table.data)).toEqual([]);
  });

  test("a forged cursor stays in its partition, whatever it holds", async () => {
    const { project } = table.data;
    await project.put({ userId: "victim", projectId: "secret", data: { name: "n" } });
    await project.put({ userId: "thief", projectId: "own", data: { name: "n" } });
    const forged = (...fields: unknown[]) =>
      Buffer.from(JSON.stringify(fields)).toString("base64url");
    const places = ["PROJECT#", "PROJECT#\u0000", "PROJECT#zzz", "PROJECT#\ud800", "CONTENT#", ""];
    const answers = new Map<string, unknown[]>();
    for (const place of places) {
      for (const partition of ["USER#thief", "USER#victim"]) {
        for (const by of ["key", "createdAt"] as const) {
          const start = by === "key" ? [place] : [place, place];
          const cursor = forged(1, "Project", by, "asc", partition, ...start);
          const found = await project.query({ userId: "thief" }, { by, cursor }).then(
            ({ items }) => items.map((item) => `${item.userId} ${item.projectId}`),
            (error: unknown) => error,
          );
          if (!Array.isArray(found)) expect(found).toBeInstanceOf(ValidationError);
          else answers.set(`${partition} ${by} ${JSON.stringify(place)}`, found);
        }
      }
    }
    // The forgery is a good one: in the thief's own partition it goes on from anywhere.
    expect(Object.fromEntries(answers)).toEqual({
      'USER#thief key "PROJECT#"': ["thief own"],
      'USER#thief key "PROJECT#\\u0000"': ["thief own"],
      'USER#thief key "PROJECT#zzz"': [],
      'USER#thief createdAt "PROJECT#"': ["thief own"],
      'USER#thief createdAt "PROJECT#\\u0000"': ["thief own"],
      'USER#thief createdAt "PROJECT#zzz"': [],
    });
  });

  test("a batch that is cut short says what is not known to be written, and nothing else", async () => {
    const { project, wire } = table.data;
    const items = Array.from({ length: 20 }, (_, index) => ({
      ...{ userId: "cut", projectId: `p${index}` },
      data: { name: "n" },
    }));
    wire.inject({
      ...{ fault: "partialUnprocessed", operation: "BatchWriteItem" },
      times: 2,
    });
    wire.inject({
      fault: "throttle",
      operation: "BatchWriteItem",
      times: Number.POSITIVE_INFINITY,
    });
    const controller = new AbortController();
    const call = project.batchPut(items, { timeoutMs: 10_000, signal: controller.signal });
    const error = await failureOf(call, Error);
    wire.clear();
    const { items: stored } = await project.query({ userId: "cut" });
    expect(error).toMatchObject({ name: "UnprocessedItemsError", written: stored.length });
    const left = (error as unknown as { items: typeof items }).items;
    const ids = [...stored, ...left].map(({ projectId }) => projectId);
    expect(ids.sort()).toEqual(items.map(({ projectId }) => projectId).sort());
  });

  test("a logger and a listener that throw hurt no call", async () => {
    const fail = () => {
      throw new Error("full disk");
    };
    const { createDataLayer } = await import("../../src/data-layer.js");
    const { endpoint, region, credentials } = table.data.engine;
    const data = createDataLayer({
      ...{ environment: "development", endpoint, region, credentials },
      tableName: table.data.configuration.tableName,
      requestHandler: table.data.wire,
      retry: { initialDelayMs: 0 },
      logger: { debug: fail, warn: fail },
      events: fail,
    });
    table.data.wire.inject({ fault: "throttle" });
    expect(await data.project.get(key("nothing"))).toBeNull();
  });
});

const script = `
  import { createTestDataLayer } from "./src/testing/index.ts";
  const data = await createTestDataLayer({
    engine: "dynalite",
    retry: { initialDelayMs: 1, maxDelayMs: 5 },
  });
  const { project, wire } = data;
  const key = (index) => ({ userId: "u", projectId: "p" + index });
  const many = Array.from({ length: 600 }, (_, index) => key(index));
  const names = [];
  const ended = (call) => call.then(() => names.push("ok"), (error) => names.push(error.name));

  // Many requests in flight on one signal.
  const { signal } = new AbortController();
  await ended(project.batchPut(many.map((one) => ({ ...one, data: { name: "n" } })), { signal }));
  await ended(project.batchGet(many, { signal, timeoutMs: 60_000 }));

  // A page that is read ahead for a reader who has left.
  const text = "x".repeat(300_000);
  await project.batchPut(many.slice(0, 8).map((one) => ({ ...one, data: { name: text } })));
  wire.inject({ fault: "serverError", operation: "Query", after: 1, times: Infinity });
  for await (const one of project.list({ userId: "u" })) { names.push(one.projectId); break; }
  wire.clear();

  // Reads that fail when all who asked have left.
  wire.inject({ fault: "throttle", times: Infinity });
  const controller = new AbortController();
  const gets = [1, 2, 3].map((index) => ended(project.get(key(index), controller)));
  setImmediate(() => controller.abort(new Error("left")));
  await Promise.all(gets);
  await new Promise((resolve) => setTimeout(resolve, 100));
  wire.clear();
  await data.close();
  console.log(names.join());
`;

test("no warning, no unhandled rejection, and nothing that keeps the process alive", async () => {
  const child = spawn(
    process.execPath,
    ["--import", "tsx", "--input-type=module", "--eval", script],
    { stdio: ["ignore", "pipe", "pipe"] },
  );
  let said = "";
  child.stdout.on("data", (text: Buffer) => {
    said += text;
  });
  child.stderr.on("data", (text: Buffer) => {
    said += text;
  });
  const [code] = await once(child, "close");
  expect([said.trim(), code]).toEqual(["ok,ok,p0,AbortedError,AbortedError,AbortedError", 0]);
});
