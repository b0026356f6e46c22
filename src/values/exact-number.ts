/**
 * Numbers with all the digits that they have in the table: DynamoDB keeps 38, a JavaScript number
 * about 16.
 */
import { invalid } from "../errors/validation-error.js";
import { exactBrand, hasExactBrand } from "./exact-brand.js";

/**
 * A parsed number: its digits times ten to the power. They neither begin nor end with 0; zero has none.
 */
interface Decimal {
  readonly minus: "-" | "";
  readonly digits: string;
  readonly power: number;
}

/** The limits of a DynamoDB number: its significant digits, and the power of ten of the first one. */
const mostDigits = 38;
const highestPower = 125;
const lowestPower = -130;

let make: (text: string) => ExactNumber;

/**
 * A number that a JavaScript number cannot hold, such as `12345678901234567890.5`. Immutable.
 *
 * Reads return one instead of rounding, so that it can be written back, compared in a `where` and
 * displayed unchanged. It cannot be used as an operand: `+`, `<` and `==` throw instead of
 * rounding. Pass `String(value)` to a decimal library, or call `toNumber()`.
 */
export class ExactNumber {
  /** The number as JavaScript would write it: `0.1`, `12345678901234567890.5`, `1.23e+40`. */
  readonly text: string;

  private constructor(text: string) {
    this.text = text;
    Object.freeze(this);
  }

  static {
    make = (text) => new ExactNumber(text);
  }

  /**
   * Makes an exact number from decimal text.
   * @throws ValidationError for a value that is not a number or that DynamoDB cannot hold
   */
  static from(value: string | number | bigint | ExactNumber): ExactNumber {
    const text = numericText(value);
    const decimal = text === undefined ? undefined : decimalOf(text);
    const rule = decimal === undefined ? "must be a decimal number" : decimalRule(decimal);
    if (decimal === undefined || rule !== undefined) {
      const issues = [{ path: "value", message: rule ?? "must be a decimal number" }];
      throw invalid({ operation: "ExactNumber.from" }, issues);
    }
    return make(textOf(decimal));
  }

  /** Whether a value is an ExactNumber, from any copy of this package. */
  static [Symbol.hasInstance](value: unknown): boolean {
    return isExactNumber(value);
  }

  get [exactBrand](): true {
    return true;
  }

  get [Symbol.toStringTag](): string {
    return "ExactNumber";
  }

  /** The nearest JavaScript number; this rounds. */
  toNumber(): number {
    return Number(this.text);
  }

  toString(): string {
    return this.text;
  }

  /** The text, because most readers would round a JSON number. */
  toJSON(): string {
    return this.text;
  }

  /** @throws TypeError if a number is expected, because the value would be rounded */
  [Symbol.toPrimitive](hint: string): string {
    if (hint === "string") return this.text;
    throw new TypeError(
      "an ExactNumber cannot be used with operators: use String(value) or value.toNumber()",
    );
  }

  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return `ExactNumber(${this.text})`;
  }
}

/** Whether a value is an ExactNumber, from any copy of this package; `false` if it cannot be read. */
export function isExactNumber(value: unknown): value is ExactNumber {
  return hasExactBrand(value);
}

/**
 * The text of a value that may be a number. Other values are never converted: that could run any code.
 */
function numericText(value: unknown): string | undefined {
  if (isExactNumber(value)) return value.text;
  const isNumeric = ["string", "number", "bigint"].includes(typeof value);
  return isNumeric ? String(value) : undefined;
}

/**
 * The text of an ExactNumber or of the SDK's NumberValue, from any copy of either; `undefined` for
 * anything else. The text need not be a number; {@link decimalOf} checks that.
 */
export function exactTextOf(value: object): string | undefined {
  if (isExactNumber(value)) return value.text;
  const { value: text, toAttributeValue } = value as {
    value?: unknown;
    toAttributeValue?: unknown;
  };
  const isNumberValue = typeof text === "string" && typeof toAttributeValue === "function";
  // An own property of that name is a payload field, and is refused because it is a function.
  return isNumberValue && !Object.hasOwn(value, "toAttributeValue") ? text : undefined;
}

/** Any number of at most this many characters, without an exponent, is exact. */
const safeLength = 15;

/** Integers of more digits are not written out, because DynamoDB cannot hold them. */
const mostWhole = highestPower + 1;

/**
 * The value of a stored number's text: a number if that is exact, a bigint for an integer beyond
 * 2^53, otherwise an {@link ExactNumber}.
 */
export function numberOf(text: string): number | bigint | ExactNumber {
  const number = Number(text);
  const isSafe = Math.abs(number) <= Number.MAX_SAFE_INTEGER;
  const isShort = text.length <= safeLength && isPlain(text);
  // DynamoDB has no -0.
  if (isSafe && (isShort || String(number) === text)) return number + 0;
  const decimal = decimalOf(text);
  if (decimal === undefined)
    throw new Error("DynamoDB returned a number that is not a valid number");
  const { minus, digits, power } = decimal;
  if (power >= 0 && digits.length + power <= mostWhole) {
    return isSafe ? number + 0 : BigInt(`${minus}${digits}${"0".repeat(power)}`);
  }
  const exact = textOf(decimal);
  return isSafe && exact === String(number) ? number : make(exact);
}

/** The sum of two numbers of any kind, exactly as DynamoDB adds them. */
export function sumOf(one: unknown, other: unknown): number | bigint | ExactNumber {
  const [a, b] = [readDecimal(one), readDecimal(other)];
  const power = Math.min(a.power, b.power);
  const sum = wholeOf(a, power) + wholeOf(b, power);
  return numberOf(`${sum}e${power}`);
}

function readDecimal(value: unknown): Decimal {
  const decimal = decimalOf(numericText(value) ?? "");
  if (decimal === undefined) throw new TypeError("not a number");
  return decimal;
}

/** A number in units of a power of ten that is not above its own. */
function wholeOf({ minus: sign, digits, power }: Decimal, unit: number): bigint {
  return BigInt(`${sign}${digits === "" ? "0" : digits}${"0".repeat(power - unit)}`);
}

const [zero, nine, minus] = [48, 57, 45];

/**
 * Whether what `Number` reads is a decimal number for certain: it also reads "", " 1 " and "0x1F". Only
 * the ends of a text decide that, and where they do not, `decimalOf` does.
 */
function isPlain(text: string): boolean {
  const first = text.charCodeAt(0);
  const last = text.charCodeAt(text.length - 1);
  const isStart = first === minus || (first >= zero && first <= nine);
  // Prefixes, such as 0x, have a letter here, and so have exponents. Of one character, it is NaN.
  return isStart && last >= zero && last <= nine && !(text.charCodeAt(1) > nine);
}

/** Parses a number's text; `undefined` if the text is not a number. */
export function decimalOf(text: string): Decimal | undefined {
  const match = /^([+-]?)(\d*)(?:\.(\d*))?(?:e([+-]?\d{1,9}))?$/i.exec(text);
  if (match === null) return undefined;
  const [, sign = "", whole = "", fraction = "", exponent = "0"] = match;
  if (whole === "" && fraction === "") return undefined;
  const all = `${whole}${fraction}`;
  const start = all.search(/[1-9]/);
  if (start === -1) return { minus: "", digits: "", power: 0 };
  let end = all.length;
  while (all[end - 1] === "0") end -= 1;
  return {
    minus: sign === "-" ? "-" : "",
    digits: all.slice(start, end),
    power: Number(exponent) - fraction.length + all.length - end,
  };
}

/** The DynamoDB limit that a number exceeds, if any. */
export function decimalRule({ digits, power }: Decimal): string | undefined {
  if (digits === "") return undefined;
  if (digits.length > mostDigits) return `must have at most ${mostDigits} significant digits`;
  const first = power + digits.length - 1;
  if (first > highestPower) return `must be less than 1E+${highestPower + 1} in absolute value`;
  return first < lowestPower ? "must be 0 or at least 1E-130 in absolute value" : undefined;
}

/**
 * The size of a number in DynamoDB: one byte, one more for a minus sign, and one for each two
 * significant digits, which are paired from the decimal point outwards.
 */
export function decimalBytes({ minus, digits, power }: Decimal): number {
  const first = power + digits.length - 1;
  // Of zero, which has no digits, this is 1.
  return 1 + minus.length + Math.floor(first / 2) - Math.floor(power / 2) + 1;
}

/**
 * The size in DynamoDB of an exact JavaScript number, computed without parsing its digits, because
 * most stored numbers are of this kind. `undefined` for a number written with an exponent, which
 * must be parsed.
 */
export function numberBytes(value: number): number | undefined {
  if (value === 0) return 1;
  const minus = value < 0 ? 1 : 0;
  const size = value < 0 ? -value : value;
  let power = 0;
  let first = 0;
  if (size % 1 === 0) {
    for (let unit = 10; size % unit === 0; unit *= 10) power += 1;
    for (let bound = 10; size >= bound; bound *= 10) first += 1;
  } else {
    const text = String(size);
    if (text.includes("e")) return undefined;
    const point = text.indexOf(".");
    power = point + 1 - text.length;
    first = size >= 1 ? point - 1 : 1 - text.search(/[1-9]/);
  }
  // A shift by one bit halves and rounds down.
  return 2 + minus + (first >> 1) - (power >> 1);
}

/** A number as JavaScript writes it. */
function textOf({ minus, digits, power }: Decimal): string {
  if (digits === "") return "0";
  const point = digits.length + power;
  if (power >= 0 && point <= 21) return `${minus}${digits}${"0".repeat(power)}`;
  if (point > 0 && point <= 21) return `${minus}${digits.slice(0, point)}.${digits.slice(point)}`;
  if (point > -6 && point <= 0) return `${minus}0.${"0".repeat(-point)}${digits}`;
  const exponent = point - 1;
  const fraction = digits.length > 1 ? `.${digits.slice(1)}` : "";
  return `${minus}${digits[0]}${fraction}e${exponent < 0 ? "-" : "+"}${Math.abs(exponent)}`;
}

/** The text of an exact number for a request; `undefined` for any other value, or a forged one. */
export function wireTextOf(value: object): string | undefined {
  const text = exactTextOf(value);
  return text === undefined || decimalOf(text) === undefined ? undefined : text;
}
