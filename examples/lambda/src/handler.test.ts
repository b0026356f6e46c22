import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { createTestDataLayer, faults, type TestDataLayer } from "bayon-coagent-data/testing";
import { createHandler, type Handler, type HttpEvent } from "./handler.js";

let data: TestDataLayer;
let handler: Handler;

before(async () => {
  data = await createTestDataLayer();
  handler = createHandler(data);
});

after(() => data.close());

const context = { getRemainingTimeInMillis: () => 10_000 };

async function call(routeKey: string, event: Partial<HttpEvent> = {}, sub: unknown = "ana") {
  const requestContext = { authorizer: { jwt: { claims: { sub } } } };
  const { statusCode, body } = await handler({ routeKey, requestContext, ...event }, context);
  return { statusCode, value: body === "" ? null : JSON.parse(body) };
}

const post = { type: "Blog Post", title: "Before you sell", content: "Five things…" };

test("content is created, read, listed, changed and deleted", async () => {
  const created = await call("POST /content", { body: JSON.stringify(post) });
  assert.equal(created.statusCode, 201);
  const { contentId, updatedAt } = created.value;
  const pathParameters = { contentId };

  const read = await call("GET /content/{contentId}", { pathParameters });
  assert.deepEqual(read, { statusCode: 200, value: created.value });

  const listed = await call("GET /content");
  assert.equal(listed.value.items.length, 1);
  assert.deepEqual(listed.value.items[0].data, { type: post.type, title: post.title });
  assert.equal(listed.value.cursor, null);

  const body = JSON.stringify({ title: "Before you buy", ifUpdatedAt: updatedAt });
  const changed = await call("PATCH /content/{contentId}", { pathParameters, body });
  assert.equal(changed.value.data.title, "Before you buy");
  const again = await call("PATCH /content/{contentId}", { pathParameters, body });
  assert.equal(again.statusCode, 409);

  assert.equal((await call("DELETE /content/{contentId}", { pathParameters })).statusCode, 204);
  assert.equal((await call("GET /content/{contentId}", { pathParameters })).statusCode, 404);
});

test("a user does not reach another user's content", async () => {
  const { value } = await call("POST /content", { body: JSON.stringify(post) });
  const pathParameters = { contentId: value.contentId };
  const other = await call("GET /content/{contentId}", { pathParameters }, "ben");
  assert.equal(other.statusCode, 404);
  assert.deepEqual((await call("GET /content", {}, "ben")).value.items, []);
});

test("bad requests are refused with what is wrong", async () => {
  assert.equal((await call("GET /content", {}, null)).statusCode, 401);
  assert.equal((await call("POST /content", { body: "{" })).statusCode, 400);
  const incomplete = await call("POST /content", { body: JSON.stringify({ type: 1 }) });
  assert.equal(incomplete.statusCode, 400);
  assert.deepEqual(incomplete.value.issues.map((issue: { path: string }) => issue.path).sort(), [
    "data.content",
    "data.type",
  ]);
  assert.equal((await call("GET /nowhere")).statusCode, 404);
});

test("a throttled table is a 503 that may be repeated", async (context) => {
  context.mock.method(console, "error", () => undefined);
  const wire = faults({ operation: "Query", fault: "throttle" });
  const throttled = await createTestDataLayer({ requestHandler: wire, retry: { maxRetries: 0 } });
  try {
    const requestContext = { authorizer: { jwt: { claims: { sub: "ana" } } } };
    const event = { routeKey: "GET /content", requestContext };
    const response = await createHandler(throttled)(event, {
      getRemainingTimeInMillis: () => 10_000,
    });
    assert.equal(response.statusCode, 503);
    assert.equal(response.headers["retry-after"], "1");
  } finally {
    await throttled.close();
  }
});
