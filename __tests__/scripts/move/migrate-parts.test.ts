import { createHash } from "node:crypto";
import { exactNumber, tooManyDigits } from "../../../scripts/move/firestore/exact-number.js";
import { differencesOf, isSame } from "../../../scripts/move/migration/compare.js";
import { KeySet } from "../../../scripts/move/migration/key-set.js";
import { ExactNumber } from "../../../src/index.js";

describe("a number of a JSON file", () => {
  test.each([
    ["0", 0],
    ["-0", 0],
    ["-0.0e5", 0],
    ["1.50", 1.5],
    ["-12e3", -12_000],
    ["1E-7", 1e-7],
    ["0.1", 0.1],
    ["3.141592653589793", Math.PI],
    // The text says so, though the double has other digits behind these.
    ["1.7976931348623157e308", 17_976_931_348_623_157n * 10n ** 292n],
    ["9007199254740991", Number.MAX_SAFE_INTEGER],
    ["9007199254740992", 9_007_199_254_740_992n],
    ["-9223372036854775808", -9_223_372_036_854_775_808n],
    ["1e+21", 10n ** 21n],
    ["1234567890123456.0", 1_234_567_890_123_456],
    ["0.30000000000000004", 0.1 + 0.2],
    [`0.${"1".repeat(39)}`, tooManyDigits],
    ["1.00000000000000000000001e-131", tooManyDigits],
    ["1e-400", tooManyDigits],
    ["1e400", tooManyDigits],
    ["1e4000", tooManyDigits],
  ])("%s is %p", (text, expected) => {
    expect(exactNumber(text)).toBe(expected);
  });

  test.each([
    ["0.12345678901234567891", "0.12345678901234567891"],
    ["-9007199254740993.5", "-9007199254740993.5"],
    [`0.${"1".repeat(38)}`, `0.${"1".repeat(38)}`],
    ["1.00000000000000000000001e-130", "1.00000000000000000000001e-130"],
  ])("%s is an ExactNumber (a document with one was rejected)", (text, expected) => {
    const value = exactNumber(text);
    expect(value).toBeInstanceOf(ExactNumber);
    expect(String(value)).toBe(expected);
  });
});

describe("a set of keys", () => {
  test("knows each of 20,000 that it was given, and no other", () => {
    const keys = new KeySet();
    for (let at = 0; at < 20_000; at += 1) expect(keys.add(`key ${at}`)).toBe(true);
    for (let at = 0; at < 20_000; at += 1) {
      if (!keys.has(`key ${at}`) || keys.has(`other ${at}`)) throw new Error(`key ${at}`);
    }
    expect(keys.add("key 7")).toBe(false);
  });

  test("tells two texts apart whose MD5 begins with the same 32 bits", () => {
    const [one, other] = ["key 78191", "key 162447"] as const;
    const [first, second] = [one, other].map((text) =>
      createHash("md5").update(text).digest("hex"),
    );
    expect(first?.slice(0, 8)).toBe(second?.slice(0, 8));
    const keys = new KeySet();
    keys.add(one);
    expect(keys.has(other)).toBe(false);
    expect(keys.add(other)).toBe(true);
  });
});

describe("two items", () => {
  const item = { PK: "p", SK: "s", CreatedAt: 1, Data: { a: { b: [1, 2] }, c: null } };

  test("are the same whatever their times of writing, leases and writers are", () => {
    expect(isSame(item, { ...item, "Writer:abcdefgh": 5, WritersSince: 1 })).toBe(true);
    expect(isSame(item, { ...item, UpdatedAt: 5, LeaseHolder: "x", LeaseUntil: 9 })).toBe(true);
    expect(isSame(item, { ...item, TTL: 5 })).toBe(false);
  });

  test("differ in the fields that are named", () => {
    const other = { PK: "p", SK: "s", Data: { a: { b: [1, 3] }, d: "secret" }, GSI1PK: "x" };
    expect(differencesOf(item, other).toSorted()).toEqual([
      "CreatedAt is missing",
      "Data.a.b is not the same",
      "Data.c is missing",
      "Data.d should not be there",
      "GSI1PK should not be there",
    ]);
    expect(differencesOf(item, item)).toEqual([]);
  });
});
