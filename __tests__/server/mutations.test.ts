/** A mutation is carried out once, however often it is sent, and by whichever instance of the server. */
import { createHash, randomUUID } from "node:crypto";
import { createDataLayer, type DataLayer } from "../../src/index.js";
import { engines } from "../engines.js";
import { openTable, requestsOf } from "../open.js";
import {
  called,
  cursorSecret,
  errorOf,
  handlerOf,
  requestOf,
  sent,
  textOf,
  valueFrom,
} from "./serving.js";

describe.each(engines)("a mutation on $name", ({ engine }) => {
  const table = openTable({ name: engine, engine, cursorSecret });
  const open = (options?: object) => handlerOf(table.data, options);
  /** The same table behind another instance of the server. */
  const otherInstance = () => {
    const { configuration, engine: running } = table.data;
    const { credentials } = running;
    const layer = createDataLayer({ ...configuration, credentials, cursorSecret });
    layers.push(layer);
    return handlerOf(layer);
  };
  const layers: DataLayer[] = [];
  afterAll(() => Promise.all(layers.map((layer) => layer.close())));
  const put = async (competitorId: string, visits = 0) =>
    table.data.competitor.put({ userId: "me", competitorId, data: { name: "x", visits } as never });
  const visits = async (competitorId: string) => {
    const item = await table.data.competitor.get({ userId: "me", competitorId });
    return (item?.data as { visits?: number } | undefined)?.visits;
  };
  const counting = (competitorId: string, id = randomUUID()) => ({
    ...{ store: "competitor", call: "update", id },
    input: [{ competitorId }, {}, { add: { visits: 1 } }],
  });

  test("that is repeated is carried out once, and answered with the item", async () => {
    await put("twice");
    const call = counting("twice");
    const first = await valueFrom(open(), call);
    for (const handler of [open(), otherInstance()]) {
      expect(await valueFrom(handler, call)).toEqual(first);
    }
    expect(await visits("twice")).toBe(1);
  });

  test("that is sent many times at once, by several instances, is carried out once", async () => {
    await put("many");
    const call = counting("many");
    const handlers = [open(), otherInstance(), open(), otherInstance(), open(), otherInstance()];
    const results = await Promise.all(handlers.map((handler) => called(handler, [call])));
    const codes = results.flat().map((one) => ("value" in one ? "done" : one.code));
    expect(codes).toContain("done");
    for (const code of codes) expect(["done", "TransactionInProgressException"]).toContain(code);
    expect(await visits("many")).toBe(1);
  });

  test("costs two requests more, and its repeat two", async () => {
    await put("counted");
    const call = counting("counted");
    table.data.wire.clear();
    await valueFrom(open(), call);
    expect(requestsOf(table.data)).toEqual(["PutItem", "UpdateItem", "PutItem"]);
    await valueFrom(open(), call);
    expect(requestsOf(table.data)).toEqual(["PutItem", "GetItem"]);
  });

  test("that replaces an item does not replace a later one when it is repeated", async () => {
    const call = {
      ...{ store: "project", call: "put", id: randomUUID() },
      input: [{ projectId: "late", data: { name: "first" } }],
    };
    await valueFrom(open(), call);
    await table.data.project.update({ userId: "me", projectId: "late" }, { name: "second" });
    expect(await valueFrom(open(), call)).toMatchObject({ data: { name: "second" } });
    const item = await table.data.project.get({ userId: "me", projectId: "late" });
    expect(item?.data.name).toBe("second");
  });

  test("that creates an item with a made-up id creates one item", async () => {
    const call = {
      ...{ store: "researchReport", call: "create", id: randomUUID() },
      input: [{ data: { topic: "t", report: "r" } }],
    };
    const first = (await valueFrom(open(), call)) as { reportId: string };
    const again = (await valueFrom(otherInstance(), call)) as { reportId: string };
    expect(again.reportId).toBe(first.reportId);
    const { items } = await table.data.researchReport.query({ userId: "me" });
    expect(items.map(({ reportId }) => reportId)).toEqual([first.reportId]);
  });

  test("that deletes an item does not delete one that was created since", async () => {
    await put("again");
    const call = {
      ...{ store: "competitor", call: "delete", id: randomUUID() },
      input: [{ competitorId: "again" }],
    };
    expect(await valueFrom(open(), call)).toMatchObject({ competitorId: "again" });
    await put("again", 7);
    expect(await valueFrom(open(), call)).toBeNull();
    expect(await visits("again")).toBe(7);
  });

  test("that returns no item is answered with the same value", async () => {
    await put("listed");
    const call = {
      ...{ store: "competitor", call: "batchDelete", id: randomUUID() },
      input: [[{ competitorId: "listed" }]],
    };
    expect(await valueFrom(open(), call)).toEqual({ written: 1 });
    await put("listed", 3);
    expect(await valueFrom(open(), call)).toEqual({ written: 1 });
    expect(await visits("listed")).toBe(3);
  });

  test("that failed and changed nothing is carried out when it is tried again", async () => {
    const call = counting("later");
    expect((await errorOf(open(), call)).code).toBe("ItemNotFound");
    await put("later");
    expect(await valueFrom(open(), call)).toMatchObject({ data: { visits: 1 } });
  });

  test("whose id was another one's is refused", async () => {
    await put("a");
    await put("b");
    const call = counting("a");
    await valueFrom(open(), call);
    for (const other of [
      counting("b", call.id),
      { ...call, input: [{ competitorId: "a" }, {}, { add: { visits: 100 } }] },
      { ...call, store: "project", call: "delete", input: [{ projectId: "p" }] },
    ]) {
      const { code, status } = await errorOf(open(), other);
      expect([code, status]).toEqual(["IdempotentParameterMismatchException", 409]);
    }
    expect([await visits("a"), await visits("b")]).toEqual([1, 0]);
  });

  test.each([
    ["a secret", { accessToken: "one" }, { accessToken: "two" }],
    [
      "a field inside another that is named as a secret is",
      { note: { accessToken: 1 } },
      { note: { accessToken: 2 } },
    ],
    [
      "a list whose first element is named so",
      { note: ["accessToken", 1] },
      { note: ["accessToken", 2] },
    ],
  ])(
    "that differs in %s is another one, and its repeat is not (they counted as the same)",
    async (_, one, two) => {
      const put = (data: object) => ({
        ...{ store: "oauthToken", call: "put" },
        input: [{ provider: "google", data: { accessToken: "x", ...data } }],
      });
      const id = randomUUID();
      const first = await valueFrom(open(), { ...put(one), id });
      expect(await valueFrom(open(), { ...put(one), id })).toEqual(first);
      const { code } = await errorOf(open(), { ...put(two), id });
      expect(code).toBe("IdempotentParameterMismatchException");
      const stored = await table.data.oauthToken.get({ userId: "me", provider: "google" });
      expect(stored?.data).toMatchObject(one);
    },
  );

  test("is known again after the secret was replaced, and not answered if the old one is gone", async () => {
    await put("sealed");
    const call = counting("sealed");
    await valueFrom(open(), call);
    const { configuration, engine: running } = table.data;
    const withSecret = (secret: string | string[]) => {
      const layer = createDataLayer({
        ...configuration,
        credentials: running.credentials,
        cursorSecret: secret,
      });
      layers.push(layer);
      return handlerOf(layer);
    };
    const next = "another secret of thirty-two bytes";
    expect(await valueFrom(withSecret([next, cursorSecret]), call)).toMatchObject({
      data: { visits: 1 },
    });
    expect((await errorOf(withSecret(next), call)).code).toBe("AnswerLost");
    expect(await visits("sealed")).toBe(1);
  });

  test("of a user with the longest id is carried out, once (it was refused)", async () => {
    const user = "u".repeat(2_041);
    const call = {
      ...{ store: "project", call: "create", id: randomUUID() },
      input: [{ projectId: "p", data: { name: "x" } }],
    };
    const first = await valueFrom(open(), call, { user });
    expect(await valueFrom(open(), call, { user })).toEqual(first);
    // Nobody else's: an id that looks like the receipt's partition has another place.
    const hash = createHash("sha256").update(user).digest("base64url");
    const other = await valueFrom(open(), call, { user: hash });
    expect(other).not.toEqual(first);
  });

  test("whose server died is not carried out again, and its repeat says that nobody knows", async () => {
    await put("dead");
    const call = counting("dead");
    // The end of the mutation is what does not reach the table any more.
    table.data.wire.inject({
      fault: "timeout",
      operation: "PutItem",
      after: 1,
      times: 50,
    });
    try {
      await valueFrom(open(), call);
    } finally {
      table.data.wire.clear();
    }
    const running = await errorOf(open(), call);
    expect([running.code, running.retryable]).toEqual(["TransactionInProgressException", true]);
    const later = Date.now() + 60_000;
    const now = jest.spyOn(Date, "now").mockReturnValue(later);
    try {
      const { code, mayHaveBeenDone } = await errorOf(open(), call);
      expect([code, mayHaveBeenDone]).toEqual(["AnswerLost", true]);
    } finally {
      now.mockRestore();
    }
    expect(await visits("dead")).toBe(1);
  });

  test("is forgotten after its time, and is a new one then", async () => {
    await put("old");
    const call = counting("old");
    const handler = open({ rememberMs: 1_000 });
    await valueFrom(handler, call);
    const later = Date.now() + 3_000;
    const now = jest.spyOn(Date, "now").mockReturnValue(later);
    try {
      await valueFrom(handler, call);
    } finally {
      now.mockRestore();
    }
    expect(await visits("old")).toBe(2);
  });

  test("needs an id", async () => {
    const text = textOf([counting("none")]).replace(/,"id":"[^"]+"/, "");
    const { results } = await sent(open(), requestOf(text));
    expect(results).toMatchObject([{ error: { issues: [{ path: "id" }] } }]);
  });

  test("of a request comes after those before it, and is not stopped by one that failed", async () => {
    await put("ordered");
    const set = (visits: number) => ({
      ...{ store: "competitor", call: "update" },
      input: [{ competitorId: "ordered" }, { visits }],
    });
    const missing = counting("missing");
    const results = await called(open(), [set(1), missing, set(2), set(3)]);
    expect(results.map((one) => ("value" in one ? "done" : one.code))).toEqual([
      "done",
      "ItemNotFound",
      "done",
      "done",
    ]);
    expect(await visits("ordered")).toBe(3);
  });

  test("is carried on if the browser goes while it runs, and not begun if it is gone before", async () => {
    await put("gone");
    const call = counting("gone");
    const aborting = new AbortController();
    table.data.wire.clear();
    const authorize = () => {
      setImmediate(() => aborting.abort());
      return true;
    };
    await sent(open({ authorize }), requestOf(textOf([call]), { signal: aborting.signal }));
    const before = AbortSignal.abort();
    const text = textOf([counting("gone")]);
    const { error } = await sent(open(), requestOf(text, { signal: before }));
    expect(error).toMatchObject({ code: "AbortError", status: 499 });
    expect(await valueFrom(open(), call)).toMatchObject({ data: { visits: 1 } });
    expect(await visits("gone")).toBe(1);
  });
});
