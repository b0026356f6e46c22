// The application's own tests: CommonJS, Jest with no configuration.
const { ItemNotFoundError, withRetry } = require("bayon-coagent-data");
const { createTestDataLayer } = require("bayon-coagent-data/testing");

let data;
beforeAll(async () => {
  data = await createTestDataLayer();
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
