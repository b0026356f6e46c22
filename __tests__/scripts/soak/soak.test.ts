import { spawnSync } from "node:child_process";
import { Ledger } from "../../../scripts/soak/ledger.js";
import { memoryGrowth, type Sample } from "../../../scripts/soak/watch.js";
import { DynamoDBError } from "../../../src/errors/dynamodb-error.js";
import { UnprocessedItemsError } from "../../../src/errors/unprocessed-items-error.js";
import { ValidationError } from "../../../src/errors/validation-error.js";

const open = () =>
  Object.assign(new DynamoDBError("lost", "ECONNRESET", undefined, true), {
    mayHaveBeenDone: true,
  });
const refused = () => new DynamoDBError("throttled", "ThrottlingException", 400, true);

describe("what must be there", () => {
  const place = "u1/content/c1";

  test("is what was acknowledged: anything else that is read is a violation", async () => {
    const ledger = new Ledger();
    ledger.saw(place, null, "get");
    await ledger.write([{ place, mark: "m1" }], async () => "done");
    ledger.saw(place, "m1", "get");
    expect(ledger.violations).toBe(0);
    ledger.saw(place, null, "get");
    expect(ledger.findings).toEqual(["get of u1/content/c1 found null, and not m1"]);
  });

  test("is one of two after a write that may have been carried out, until it is read", async () => {
    const ledger = new Ledger();
    ledger.wrote(place, "m1");
    await ledger.write([{ place, mark: "m2" }], () => Promise.reject(open()));
    expect([...ledger.possible(place)]).toEqual(["m1", "m2"]);
    ledger.saw(place, "m2", "get");
    expect(ledger.violations).toBe(0);
    ledger.saw(place, "m1", "get");
    expect(ledger.violations).toBe(1);
  });

  test("is what was there after a write that was not carried out", async () => {
    const ledger = new Ledger();
    ledger.wrote(place, "m1");
    await ledger.write([{ place, mark: "m2" }], () => Promise.reject(refused()));
    expect([...ledger.possible(place)]).toEqual(["m1"]);
  });

  test("is open for what a batch names, and written for what it does not", async () => {
    const ledger = new Ledger();
    const [first, second] = [{ id: 1 }, { id: 2 }];
    const writes = [
      { place: "a", mark: "m1", input: first },
      { place: "b", mark: "m2", input: second },
    ];
    await ledger.write(writes, () => Promise.reject(new UnprocessedItemsError("", [second], 1)));
    expect([...ledger.possible("a")]).toEqual(["m1"]);
    expect([...ledger.possible("b")]).toEqual([null, "m2"]);
  });

  test("an error that nothing explains is a violation", () => {
    const ledger = new Ledger();
    ledger.failed(refused());
    ledger.failed(open());
    ledger.failed(new ValidationError("expected"), ["ValidationError"]);
    expect(ledger.violations).toBe(0);
    ledger.failed(new ValidationError("wrong"));
    ledger.failed(new TypeError("no error of this package"));
    expect(ledger.violations).toBe(2);
  });
});

describe("memory", () => {
  const mb = 1024 * 1024;
  /** Samples of a run with so many requests a window and so many bytes more in each. */
  const samples = (requests: number, bytes: number, noise = 0): Sample[] =>
    Array.from({ length: 25 }, (_, n) => ({
      requests: n * requests,
      heapBytes: 20 * mb + n * bytes + (n % 2) * noise,
      timers: 0,
      connections: 0,
    }));
  const isFlat = (given: Sample[]) => {
    const { bytes, most } = memoryGrowth(given);
    return bytes <= most;
  };

  test("is flat where it only goes up and down", () => {
    expect(isFlat(samples(1_000, 0, 2.5 * mb))).toBe(true);
  });

  test("is not where each window keeps something", () => {
    expect(isFlat(samples(1_000, 0.5 * mb))).toBe(false);
    // 80 bytes for each of very many requests.
    expect(isFlat(samples(10_000, 800_000))).toBe(false);
  });

  test("the first windows are left out: code is compiled and pools fill", () => {
    const given = samples(1_000, 0).map((one, n) => (n < 5 ? { ...one, heapBytes: n * mb } : one));
    expect(isFlat(given)).toBe(true);
  });
});

test("npm run soak ends well, and tells what it did", () => {
  const { status, stdout } = spawnSync(
    "npm",
    ["run", "--silent", "soak", "--", "--seconds", "5", "--rate", "0.1", "--workers", "16"],
    { encoding: "utf8" },
  );
  expect(stdout).toContain("nothing lost, nothing twice: 0 violations");
  expect(stdout).toMatch(/operations +[1-9]/);
  expect(stdout).toMatch(/faults +[1-9]/);
  expect(status).toBe(0);
}, 60_000);
