/** Numbers of a JSON file with all their digits. */
import { ExactNumber } from "../../../src/values/exact-number.js";

/** Numbers of this many digits are exact in JavaScript. */
const safeDigits = 15;

/** No table holds more digits than this; it does not take a bigint to find that out. */
const mostDigits = 400;

/** DynamoDB's numbers: how many significant digits, and which powers of ten the first of them may have. */
const table = { digits: 38, highestPower: 125, lowestPower: -130 } as const;

/**
 * Stands for a number that DynamoDB cannot hold exactly. No table takes a symbol, so a document
 * with one is rejected and never changed.
 */
export const tooManyDigits = Symbol("a number of too many digits");

/**
 * The value of a number's text: a number if that is exact, a bigint for whole numbers beyond 2^53,
 * an ExactNumber for other numbers that DynamoDB holds, otherwise `tooManyDigits`.
 */
export function exactNumber(text: string): number | bigint | ExactNumber | typeof tooManyDigits {
  const number = Number(text);
  // There is no -0 in a table.
  if (number === 0) return /^[-+.0]*(?:e|$)/i.test(text) ? 0 : tooManyDigits;
  if (text.length <= safeDigits && !/e/i.test(text)) return number;
  const given = decimalOf(text);
  const whole = given.exponent >= 0;
  if (whole && Number.isSafeInteger(number)) return number;
  if (whole && given.digits.length + given.exponent <= mostDigits) {
    return BigInt(`${given.minus}${given.digits}${"0".repeat(given.exponent)}`);
  }
  if (!Number.isFinite(number)) return tooManyDigits;
  const kept = decimalOf(String(number));
  const same = given.digits === kept.digits && given.exponent === kept.exponent;
  if (same) return number;
  const power = given.exponent + given.digits.length - 1;
  const isInTable =
    given.digits.length <= table.digits &&
    power <= table.highestPower &&
    power >= table.lowestPower;
  return isInTable ? ExactNumber.from(text) : tooManyDigits;
}

/** The significant digits, and the power of ten of the last one. */
function decimalOf(text: string): { minus: string; digits: string; exponent: number } {
  const [, minus = "", whole = "", fraction = "", power = "0"] =
    /^(-?)(\d+)(?:\.(\d+))?(?:e([+-]?\d+))?$/i.exec(text) ?? [];
  const all = `${whole}${fraction}`.replace(/^0+/, "");
  const digits = all.replace(/0+$/, "");
  const exponent = Number(power) - fraction.length + all.length - digits.length;
  return { minus, digits, exponent };
}
