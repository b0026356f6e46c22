/** What a retry takes out of the budget comes back once the engine has answered, and close ends each call by itself. */
import { Repeats } from "../../src/transport/repeats.js";
import { createTransport } from "../../src/transport/transport.js";

const throttled = () =>
  Object.assign(new Error("later"), { name: "ProvisionedThroughputExceededException" });
const refused = () => Object.assign(new Error("never"), { name: "ValidationException" });

/** A budget of one retry, which no time refills, and so many requests under way that none is free. */
function busyRepeats() {
  const budget = { capacity: 1, refillPerSecond: 0 };
  const repeats = new Repeats(
    { maxRetries: 1, initialDelayMs: 0, budget },
    new AbortController().signal,
  );
  for (let n = 0; n < 11; n += 1) {
    void repeats.run(() => new Promise(() => undefined), undefined, undefined);
  }
  /** Throws or returns what each attempt in turn does. */
  return (...attempts: (() => unknown)[]) => {
    const rest = attempts.values();
    return repeats.run(async () => rest.next().value?.(), undefined, undefined);
  };
}

const fail = (error: () => Error) => () => {
  throw error();
};

test("a request that succeeds in the end puts back the retry that it took", async () => {
  const run = busyRepeats();
  for (let n = 0; n < 5; n += 1) expect(await run(fail(throttled), () => n)).toBe(n);
});

test("so does one that ends with an error that no retry helps: the engine is up", async () => {
  const run = busyRepeats();
  for (let n = 0; n < 5; n += 1) {
    await expect(run(fail(throttled), fail(refused))).rejects.toThrow("never");
  }
});

test("one that is throttled to the end keeps it, and the next one is not retried", async () => {
  const run = busyRepeats();
  await expect(run(fail(throttled), fail(throttled))).rejects.toThrow("later");
  const second = jest.fn();
  await expect(run(fail(throttled), second)).rejects.toThrow("later");
  expect(second).not.toHaveBeenCalled();
});

test("close ends each call with an error of its own, with a signal too", async () => {
  const transport = createTransport({ client: { send: () => new Promise(() => undefined) } });
  const input = { TableName: "t", Key: { PK: "a", SK: "b" } };
  const { signal } = new AbortController();
  const pending = [1, 2].map(() =>
    transport.send("Get", input, { context: {}, signal }).catch((error: unknown) => error),
  );
  await new Promise((resolve) => setImmediate(resolve));
  transport.close();
  const [one, other] = await Promise.all(pending);
  expect(one).toMatchObject({ name: "AbortedError" });
  expect(other).toMatchObject({ name: "AbortedError" });
  expect(other).not.toBe(one);
});

test("a request of ElectroDB's is sent without options, so that the SDK keeps its middleware", async () => {
  const send = jest.fn(async () => ({}));
  const transport = createTransport({ client: { send } });
  await transport.client.get({ TableName: "t", Key: { PK: "a", SK: "b" } }).promise();
  expect(send.mock.calls).toEqual([[expect.anything()]]);
});
