/** The actions when DynamoDB does not answer as it should: what is retried, what the user is told. */
import { ThroughputExceededError, TimeoutError } from "bayon-coagent-data";
import {
  createTestDataLayer,
  type Fault,
  faults,
  type TestDataLayer,
} from "bayon-coagent-data/testing";
import { listMyContentAction, saveContentAction } from "./actions.js";

const form = new Map([
  ["type", "Blog Post"],
  ["title", "Before you sell"],
  ["content", "Five things…"],
]);

describe("the content actions in trouble", () => {
  let data: TestDataLayer;
  beforeAll(async () => {
    // The real delays between attempts grow from 100 ms: tests need not wait for them.
    data = await createTestDataLayer({
      retry: { maxRetries: 3, initialDelayMs: 1, maxDelayMs: 5 },
    });
  });
  afterEach(() => data.wire.clear());
  afterAll(() => data.close());

  const busy = "We are very busy. Please try again in a moment.";
  const passing: Fault[] = ["throttle", "connectionReset", "timeout", "serverError"];

  test.each(passing)("save once although the first attempts end in %s", async (fault) => {
    data.wire.inject({ fault, operation: "PutItem", times: 2 });
    const userId = `passing-${fault}`;
    const saved = await saveContentAction(form, { userId, data });
    expect(saved.ok).toBe(true);
    expect(data.wire.requests).toEqual([
      { operation: "PutItem", fault },
      { operation: "PutItem", fault },
      { operation: "PutItem", fault: undefined },
    ]);
    const { items } = await data.savedContent.query({ userId });
    expect(items).toHaveLength(1);
  });

  test.each(passing)("ask the user to try again where %s does not end", async (fault) => {
    data.wire.inject({ fault, times: Number.POSITIVE_INFINITY });
    const report = jest.fn();
    const caller = { userId: `lasting-${fault}`, data, report };
    const tryAgain = { ok: false, message: busy, fields: [], tryAgain: true };

    expect(await saveContentAction(form, caller)).toEqual(tryAgain);
    // One attempt and three retries.
    expect(data.wire.operations).toEqual(Array(4).fill("PutItem"));
    expect(await listMyContentAction({}, caller)).toEqual(tryAgain);
    expect(data.wire.operations.slice(4)).toEqual(Array(4).fill("Query"));
    expect(report).toHaveBeenCalledTimes(2);

    data.wire.clear();
    expect(await listMyContentAction({}, caller)).toMatchObject({ value: { lines: [] } });
  });

  test("tell an operator which call failed, and how", async () => {
    const report = jest.fn();
    data.wire.inject({ fault: "throttle", times: 4 });
    await saveContentAction(form, { userId: "told", data, report });
    expect(report).toHaveBeenLastCalledWith(expect.any(ThroughputExceededError));
    expect(report).toHaveBeenLastCalledWith(
      expect.objectContaining({
        operation: "create",
        entity: "SavedContent",
        code: "ProvisionedThroughputExceededException",
      }),
    );
    data.wire.inject({ fault: "timeout", times: 4 });
    await saveContentAction(form, { userId: "told", data, report });
    expect(report).toHaveBeenLastCalledWith(expect.any(TimeoutError));
    expect(JSON.stringify(report.mock.calls)).not.toContain("Five things");
  });

  test("meet the trouble from the start, where it is put under a new data layer", async () => {
    const requestHandler = faults({ fault: "throttle", operation: "Query" });
    await using fresh = await createTestDataLayer({ requestHandler, retry: { initialDelayMs: 1 } });
    expect(await listMyContentAction({}, { userId: "u", data: fresh })).toMatchObject({ ok: true });
    expect(requestHandler.operations).toEqual(["Query", "Query"]);
  });
});
