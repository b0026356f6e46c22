// The application's own tests: CommonJS, Jest with no configuration.
const { ItemNotFoundError, withRetry } = require("bayon-coagent-data");
const { createTestDataLayer } = require("bayon-coagent-data/testing");

let data;
beforeAll(async () => {
  data = await createTestDataLayer({
    encryption: { keys: { k1: new Uint8Array(32).fill(1) }, current: "k1" },
    cursorSecret: "a secret of at least thirty-two bytes",
  });
});
afterAll(() => data.close());

test("reads what it wrote", async () => {
  const key = { userId: "user123", moduleId: "intro" };
  const payload = { completed: true, completedAt: "2024-05-01T10:00:00Z" };
  const created = await data.trainingProgress.create({ ...key, data: payload });
  expect(created.data).toMatchObject(payload);
  expect(await data.trainingProgress.get(key)).toEqual(created);
});

test("throws an error of the other entry point's class", async () => {
  const key = { userId: "user123", moduleId: "none" };
  await expect(data.trainingProgress.getOrThrow(key)).rejects.toThrow(ItemNotFoundError);
});

test("retries", async () => {
  const fn = jest
    .fn()
    .mockImplementationOnce(() =>
      Promise.reject(Object.assign(new Error("slow down"), { name: "ThrottlingException" })),
    )
    .mockResolvedValue("done");
  await expect(withRetry(fn, { initialDelayMs: 1 })).resolves.toBe("done");
  expect(fn).toHaveBeenCalledTimes(2);
});

test("encrypts tokens and cursors, with a library that is an ES module only", async () => {
  const payload = { accessToken: "access", refreshToken: null };
  for (const provider of ["A", "B"]) {
    await data.oauthToken.put({ userId: "user123", provider, data: payload });
  }
  expect(await data.oauthToken.get({ userId: "user123", provider: "A" })).toMatchObject({
    data: payload,
  });
  const sent = data.wire.requests.filter(({ operation }) => operation === "UpdateItem");
  expect(sent.length).toBeGreaterThan(0);
  expect(JSON.stringify(sent.map(({ input }) => input))).not.toContain('"access"');
  const { cursor } = await data.oauthToken.query({ userId: "user123" }, { limit: 1 });
  expect(cursor.split(".")).toHaveLength(5);
  const { items } = await data.oauthToken.query({ userId: "user123" }, { cursor });
  expect(items.map(({ provider }) => provider)).toEqual(["B"]);
});
