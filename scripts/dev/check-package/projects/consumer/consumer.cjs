// An application on CommonJS: the same as consumer.mjs in short.
const assert = require("node:assert/strict");
const { DynamoDBError, ItemNotFoundError, withRetry } = require("bayon-coagent-data");
const { createTestDataLayer } = require("bayon-coagent-data/testing");

async function main() {
  const keys = { k1: new Uint8Array(32).fill(1) };
  const data = await createTestDataLayer({ encryption: { keys, current: "k1" } });
  try {
    const key = { userId: "user123", projectId: "p1" };
    const payload = { name: "Spring", createdAt: "2024-05-01T10:00:00Z" };
    const created = await data.project.create({ ...key, data: payload });
    assert.deepEqual(await data.project.get(key), created);
    const token = { userId: "user123", data: { accessToken: "access" } };
    await data.oauthToken.create(token);
    assert.equal((await data.oauthToken.get(token)).data.accessToken, "access");
    assert.equal((await data.project.query({ userId: "user123" })).items.length, 1);
    await assert.rejects(data.project.getOrThrow({ ...key, projectId: "p2" }), (error) => {
      assert.ok(error instanceof ItemNotFoundError && error instanceof DynamoDBError);
      return true;
    });
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
  console.log("ok");
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
