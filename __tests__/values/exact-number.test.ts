/** Numbers with all their digits: what they are to JavaScript, and what becomes of a stored text. */
import { inspect, isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { ExactNumber, isExactNumber, ValidationError } from "../../src/index.js";
import { decimalBytes, decimalOf, numberBytes, numberOf } from "../../src/values/exact-number.js";
import { checkValue } from "../../src/values/payload.js";
import { tries } from "../properties/arbitraries.js";

const long = "12345678901234567890.5";

describe("an ExactNumber", () => {
  const value = ExactNumber.from(long);

  test("shows, prints and serialises its digits", () => {
    expect(String(value)).toBe(long);
    expect(`${value}`).toBe(long);
    expect(value.text).toBe(long);
    expect(JSON.stringify({ value })).toBe(`{"value":"${long}"}`);
    expect(inspect({ value })).toBe(`{ value: ExactNumber(${long}) }`);
    expect(value.toNumber()).toBe(12345678901234567000);
  });

  test("is no operand: nothing rounds it in silence", () => {
    const any = value as never as number;
    const operations: (() => unknown)[] = [
      () => any + 1,
      () => any + ("" as never),
      () => any - 1,
      () => any < 2,
      () => +any,
      () => Number(any),
      // biome-ignore lint/suspicious/noDoubleEquals: what is tried.
      () => any == 1,
      () => Math.max(any, 1),
    ];
    for (const operation of operations) expect(operation).toThrow(TypeError);
    for (const operation of operations) expect(operation).not.toThrow(/\d{3}/);
  });

  test("cannot be changed, and is equal to another one by its digits alone", () => {
    expect(Object.isFrozen(value)).toBe(true);
    expect(() => Object.assign(value, { text: "1" })).toThrow(TypeError);
    expect(isDeepStrictEqual(value, ExactNumber.from("12345678901234567890.50"))).toBe(true);
    expect(isDeepStrictEqual(value, ExactNumber.from("12345678901234567890.6"))).toBe(false);
    expect(value).not.toEqual(ExactNumber.from("12345678901234567890.6"));
  });

  test.each([
    ["1.50", "1.5"],
    ["-0", "0"],
    ["-0.00e5", "0"],
    [".5", "0.5"],
    ["5.", "5"],
    ["+7", "7"],
    ["000123.4500", "123.45"],
    ["1.23e+40", "1.23e+40"],
    ["12300000000000000000000000000000000000000", "1.23e+40"],
    ["0.00000012", "1.2e-7"],
    ["0.000001", "0.000001"],
    ["123e-2", "1.23"],
    [
      "9.9999999999999999999999999999999999999E+125",
      "9.9999999999999999999999999999999999999e+125",
    ],
    ["-1e-130", "-1e-130"],
  ])("of %s is written %s", (given, text) => {
    expect(ExactNumber.from(given).text).toBe(text);
    expect(ExactNumber.from(text).text).toBe(text);
  });

  test("is made of numbers and bigints too", () => {
    expect(ExactNumber.from(0.1).text).toBe("0.1");
    expect(ExactNumber.from(2n ** 64n).text).toBe("18446744073709551616");
    expect(ExactNumber.from(value).text).toBe(long);
  });

  test.each([
    ["", /decimal number/],
    ["abc", /decimal number/],
    [".", /decimal number/],
    ["1,5", /decimal number/],
    [" 1", /decimal number/],
    ["0x10", /decimal number/],
    ["NaN", /decimal number/],
    ["Infinity", /decimal number/],
    ["1e", /decimal number/],
    ["1e9999999999", /decimal number/],
    ["1e126", /1E\+126/],
    ["-1e126", /1E\+126/],
    ["1e-131", /1E-130/],
    ["1.23456789012345678901234567890123456789", /38 significant digits/],
  ])("is not made of %j, and the message does not hold it", (given, rule) => {
    expect(() => ExactNumber.from(given)).toThrow(ValidationError);
    expect(() => ExactNumber.from(given)).toThrow(rule);
    if (given.length > 3) expect(() => ExactNumber.from(given)).not.toThrow(given);
  });

  test("is known across copies of the package", () => {
    let copy: { ExactNumber: typeof ExactNumber } | undefined;
    jest.isolateModules(() => {
      copy = jest.requireActual<{ ExactNumber: typeof ExactNumber }>(
        "../../src/values/exact-number.js",
      );
    });
    if (copy === undefined) throw new Error("there is no second copy");
    const foreign = copy.ExactNumber.from(long);
    expect(Object.getPrototypeOf(foreign)).not.toBe(ExactNumber.prototype);
    expect(isExactNumber(foreign)).toBe(true);
    expect(foreign instanceof ExactNumber).toBe(true);
    const { issues, value: own } = checkValue(foreign, "data");
    expect(issues).toEqual([]);
    expect(Object.getPrototypeOf(own)).toBe(ExactNumber.prototype);
    expect(own).toEqual(value);
  });

  test.each([null, undefined, 1, "1", 1n, {}, [], { text: "1" }, new Date(0), () => 1])(
    "%p is none",
    (other) => {
      expect(isExactNumber(other)).toBe(false);
      expect((other as object) instanceof ExactNumber).toBe(false);
    },
  );
});

describe("a stored number", () => {
  test.each<[string, unknown]>([
    ["0", 0],
    ["-0", 0],
    ["1e3", 1000],
    ["0.30000000000000004", 0.1 + 0.2],
    ["9007199254740991", Number.MAX_SAFE_INTEGER],
    ["-9007199254740991", Number.MIN_SAFE_INTEGER],
    ["9007199254740992", 2n ** 53n],
    ["9007199254740993", 2n ** 53n + 1n],
    ["-9007199254740993", -(2n ** 53n) - 1n],
    ["1.23e+40", 123n * 10n ** 38n],
    ["1E+125", 10n ** 125n],
    ["1E-130", 1e-130],
    ["0.1000", 0.1],
    ["9007199254740990.0", 9007199254740990],
  ])("%s is read as the number or bigint that it is", (text, expected) => {
    expect(numberOf(text)).toBe(expected);
  });

  test.each([
    "12345678901234567890.5",
    "1.00000000000000000000015",
    "9007199254740991.5",
    "-9007199254740992.5",
    "0.1234567890123456789",
    "1700000000000.123456",
    "4.9406564584124654e-130",
  ])("%s, which would be rounded, is read as an exact one", (text) => {
    const value = numberOf(text);
    expect(isExactNumber(value)).toBe(true);
    expect(String(value)).toBe(text);
  });

  test("that is none is refused without being shown", () => {
    expect(() => numberOf("canary")).toThrow("a number that is not a valid number");
    expect(() => numberOf("canary")).not.toThrow(/canary/);
  });

  test("of any digits is read without loss, and every number of JavaScript's as itself", () => {
    const digits = fc.stringMatching(/^[1-9]\d{0,37}$/);
    fc.assert(
      fc.property(
        digits,
        fc.integer({ min: -130, max: 80 }),
        fc.boolean(),
        (text, power, minus) => {
          const given = `${minus ? "-" : ""}${text}e${power}`;
          const value = numberOf(given);
          const kept = ExactNumber.from(String(value));
          // The limits of DynamoDB do not bind what is read.
          expect(compared(kept.text)).toEqual(compared(given));
          const isWhole = compared(given)[1] >= 0;
          const isRounded = String(compared(String(Number(given)))) !== String(compared(given));
          expect(isExactNumber(value)).toBe(isRounded && !isWhole);
        },
      ),
      tries(500),
    );
    fc.assert(
      fc.property(fc.double({ noNaN: true, min: -(2 ** 53) + 1, max: 2 ** 53 - 1 }), (number) => {
        expect(numberOf(String(number))).toBe(number + 0);
      }),
      tries(500),
    );
  });
});

test.each([
  ["0", 1],
  ["-0", 1],
  ["7", 2],
  ["-7", 3],
  ["100", 2],
  ["123", 3],
  ["0.5", 2],
  ["12.34", 3],
  ["1.234", 4],
])("%s takes %i bytes, whether its digits are parsed or not", (text, bytes) => {
  const decimal = decimalOf(text);
  expect(decimal && decimalBytes(decimal)).toBe(bytes);
  expect(numberBytes(Number(text))).toBe(bytes);
});

/** Digits and power of ten of a number's text, by means of its own. */
function compared(text: string): [bigint, number] {
  const [mantissa = "", power = "0"] = text.toLowerCase().split("e");
  const [whole = "", fraction = ""] = mantissa.split(".");
  let digits = BigInt(`${whole}${fraction}`);
  let exponent = Number(power) - fraction.length;
  while (digits !== 0n && digits % 10n === 0n) {
    digits /= 10n;
    exponent += 1;
  }
  return [digits, exponent];
}
