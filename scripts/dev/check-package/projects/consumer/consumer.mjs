// An application on ES modules: the data layer on a real engine, and errors across entry points.
import assert from "node:assert/strict";
import {
  ConditionalCheckFailedError,
  createDataLayer,
  DynamoDBError,
  getSavedContentKeys,
  ItemNotFoundError,
  ValidationError,
  withRetry,
} from "bayon-coagent-data";
import { createTestDataLayer } from "bayon-coagent-data/testing";

assert.deepEqual(getSavedContentKeys("user123", "content456"), {
  PK: "USER#user123",
  SK: "CONTENT#content456",
});

const keys = { k1: new Uint8Array(32).fill(1) };
const data = await createTestDataLayer({ encryption: { keys, current: "k1" } });
try {
  const key = { userId: "user123", contentId: "content456" };
  const payload = { type: "blog", content: "Ten tips", createdAt: "2024-05-01T10:00:00Z" };

  const created = await data.savedContent.create({ ...key, data: payload });
  assert.equal(created.contentId, "content456");
  assert.deepEqual(created.data, { id: "content456", ...payload });
  assert.deepEqual(await data.savedContent.get(key), created);
  assert.equal(await data.savedContent.get({ ...key, contentId: "none" }), null);

  const token = { userId: "user123", data: { accessToken: "access" } };
  await data.oauthToken.create(token);
  assert.equal((await data.oauthToken.get(token)).data.accessToken, "access");

  const updated = await data.savedContent.update(key, { name: "Tips" });
  assert.equal(updated.data.name, "Tips");
  assert.equal((await data.savedContent.query({ userId: "user123" })).items.length, 1);

  await assert.rejects(data.savedContent.create({ ...key, data: payload }), (error) => {
    assert.ok(error instanceof ConditionalCheckFailedError && error instanceof DynamoDBError);
    return true;
  });
  await assert.rejects(
    data.savedContent.getOrThrow({ ...key, contentId: "no" }),
    ItemNotFoundError,
  );
  await assert.rejects(data.savedContent.get({ ...key, userId: "" }), ValidationError);
} finally {
  await data.close();
}

let calls = 0;
const answer = await withRetry(
  async () => {
    calls += 1;
    if (calls < 3) throw Object.assign(new Error("slow down"), { name: "ThrottlingException" });
    return "done";
  },
  { initialDelayMs: 1 },
);
assert.deepEqual([answer, calls], ["done", 3]);

const local = createDataLayer({ environment: "local" });
assert.equal(typeof local.savedContent.get, "function");
await local.close();
console.log("ok");
