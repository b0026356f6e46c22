/** The recipes of docs/changes.md: the code of the page itself, on the engines with streams. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { transformSync } from "@swc/core";
import { readPage } from "../../scripts/dev/docs/pages.js";
import { samplesOf } from "../../scripts/dev/docs/samples.js";
import * as door from "../../src/index.js";
import * as streams from "../../src/streams/index.js";
import { changeRecords, createTestDataLayer, make } from "../../src/testing/index.js";
import type { AnyStore } from "../registry.js";
import { describeStreams, useEngine } from "./stream.js";

type Exports = Readonly<Record<string, (...given: unknown[]) => streams.StreamHandler>>;

const samples = samplesOf(readPage(join(__dirname, "../.."), "docs/changes.md"));
const modules: Readonly<Record<string, unknown>> = {
  "bayon-coagent-data": door,
  "bayon-coagent-data/streams": streams,
};

/** What a file of the page exports. */
function exportsOf(name: string): Record<string, unknown> {
  const sample = samples.find((one) => one.name === name);
  if (sample === undefined) throw new Error(`docs/changes.md has no ${name}`);
  const { code } = transformSync(sample.code, {
    swcrc: false,
    jsc: { parser: { syntax: "typescript" }, target: "es2022" },
    module: { type: "commonjs" },
  });
  const exported: Record<string, unknown> = {};
  const load = (id: string): unknown => modules[id] ?? require(id);
  new Function("exports", "require", code)(exported, load);
  return exported;
}

const quiet = () => jest.spyOn(process, "emitWarning").mockImplementation();
const done = { batchItemFailures: [] };
const content = (contentId: string) => make.savedContent({ userId: "u1", contentId });

describeStreams("the recipes of docs/changes.md on $name", ({ engine: name }) => {
  const engine = useEngine(name);

  test("the counter is in step, however often an event is delivered, and whatever fails", async () => {
    const { createCounter, entities } = exportsOf("counter.ts");
    const data = await createTestDataLayer({
      ...{ engine: engine(), stream: true, entities: entities as never },
      retry: { initialDelayMs: 1, maxRetries: 1 },
    });
    await using _ = data as unknown as AsyncDisposable;
    const own = data as unknown as Awaited<ReturnType<typeof createTestDataLayer>>;
    const { tally } = data as unknown as Record<"tally", AnyStore>;
    await tally.create({ userId: "u1", data: { contents: 0 } });
    const counted = async () => (await tally.getOrThrow({ userId: "u1" })).data.contents;
    for (const id of ["a", "b", "c"]) await own.savedContent.create(content(id));
    await own.savedContent.update({ userId: "u1", contentId: "a" }, { title: "T" });
    await own.savedContent.delete({ userId: "u1", contentId: "b" });
    const event = await changeRecords(own, await own.changes());
    const handler = (createCounter as Exports[string])(own);
    expect(await handler(event)).toEqual(done);
    expect(await counted()).toBe(2);
    expect(await handler(event)).toEqual(done);
    expect(await counted()).toBe(2);
    // Lost responses: a write was carried out, or not, and the event comes again until it is done.
    for (const id of ["d", "e", "f", "g"]) await own.savedContent.create(content(id));
    const more = await changeRecords(own, await own.changes());
    const warned = quiet();
    own.wire.random({ seed: 3, rate: 0.4, faults: ["answerLost", "throttle", "timeout"] });
    let deliveries = 0;
    while ((await handler(more)).batchItemFailures.length > 0) {
      deliveries += 1;
      expect(deliveries).toBeLessThan(50);
    }
    own.wire.clear();
    warned.mockRestore();
    expect(await handler(more)).toEqual(done);
    expect(await counted()).toBe(6);
    expect(await own.savedContent.count({ userId: "u1" })).toBe(6);
  });

  test("the cache has no item that is older than the table's", async () => {
    const { createInvalidator } = exportsOf("cache.ts");
    const data = await createTestDataLayer({ engine: engine(), stream: true });
    await using _ = data;
    const cache = new Map<string, unknown>([["content/u1/b", "another item"]]);
    const handler = (createInvalidator as Exports[string])(data, cache);
    const steps = [
      () => data.savedContent.create(content("a")),
      () => data.savedContent.update({ userId: "u1", contentId: "a" }, { title: "T" }),
      () => data.savedContent.delete({ userId: "u1", contentId: "a" }),
    ];
    for (const step of steps) {
      cache.set("content/u1/a", "what was there before");
      await step();
      expect(await handler(await changeRecords(data, await data.changes()))).toEqual(done);
      expect([...cache.keys()]).toEqual(["content/u1/b"]);
    }
  });

  test("the webhook is called with the change's id until it is taken, or given up", async () => {
    const { createWebhook } = exportsOf("webhook.ts");
    const statuses: number[] = [];
    const calls: { key: unknown; body: unknown }[] = [];
    const server = createServer((request, response) => {
      let body = "";
      request.on("data", (part) => {
        body += part;
      });
      request.on("end", () => {
        calls.push({ key: request.headers["idempotency-key"], body: JSON.parse(body) });
        response.writeHead(statuses.shift() ?? 204).end();
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    const data = await createTestDataLayer({ engine: engine(), stream: true });
    const warned = quiet();
    try {
      const givenUp: unknown[] = [];
      const url = `http://127.0.0.1:${port}/`;
      const handler = (createWebhook as Exports[string])(data, url, (id: string) =>
        givenUp.push(id),
      );
      const { agentId, reviewId } = await data.review.create(make.review());
      await data.savedContent.create(content("a"));
      const changes = await data.changes();
      const event = await changeRecords(data, changes);
      statuses.push(500);
      expect((await handler(event)).batchItemFailures).toHaveLength(1);
      expect(await handler(event)).toEqual(done);
      const call = { key: changes[0]?.id, body: { agentId, reviewId, rating: 5 } };
      expect(calls.splice(0)).toEqual([call, call]);
      statuses.push(...Array.from({ length: 5 }, () => 503));
      const counts: number[] = [];
      for (let turn = 0; turn < 5; turn += 1) {
        counts.push((await handler(event)).batchItemFailures.length);
      }
      expect(counts).toEqual([1, 1, 1, 1, 0]);
      expect(givenUp).toEqual([changes[0]?.id]);
    } finally {
      warned.mockRestore();
      await data.close();
      await new Promise((resolve) => server.close(resolve));
    }
  });
});
