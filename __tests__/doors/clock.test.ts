/** The layer's clock is the process's, whatever a test makes of it and whenever. */
import { createTestDataLayer, type TestDataLayer } from "../../src/testing/index.js";

describe("setSystemTime after the layer was made", () => {
  let data: TestDataLayer;
  beforeAll(async () => {
    data = await createTestDataLayer();
  });
  afterEach(() => jest.useRealTimers());
  afterAll(() => data.close());

  test("createdAt and updatedAt follow it (Date was captured when the layer was made)", async () => {
    const realDate = Date;
    const at = Date.UTC(2031, 4, 5, 6, 7, 8);
    // Requests need their timers; the time alone is a test's.
    jest.useFakeTimers({
      now: at,
      doNotFake: [
        "hrtime",
        "nextTick",
        "performance",
        "queueMicrotask",
        "setImmediate",
        "clearImmediate",
        "setInterval",
        "clearInterval",
        "setTimeout",
        "clearTimeout",
      ],
    });
    expect(Date).not.toBe(realDate);
    const key = { userId: "u1", projectId: "p1" };
    const payload = { name: "n" };
    expect(await data.project.create({ ...key, data: payload })).toMatchObject({
      createdAt: at,
      updatedAt: at,
    });
    jest.setSystemTime(at + 60_000);
    expect(await data.project.put({ ...key, data: payload })).toMatchObject({
      createdAt: at,
      updatedAt: at + 60_000,
    });
  });
});
