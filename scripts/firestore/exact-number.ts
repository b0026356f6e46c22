/** Numbers of a JSON file with every digit that they have there. */

/** So many digits are exact in any JavaScript number. */
const safeDigits = 15;

/** More digits than this no table holds; it is not worth a bigint to find that out. */
const mostDigits = 400;

/**
 * Stands for a number that no value of JavaScript's holds exactly. No table takes a symbol, so a
 * document with one is rejected and never changed.
 */
export const tooManyDigits = Symbol("a number of too many digits");

/**
 * The value of a number's text: a number where that is exact, a bigint for whole numbers beyond
 * 2^53, else `tooManyDigits`.
 */
export function exactNumber(text: string): number | bigint | typeof tooManyDigits {
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
  return same ? number : tooManyDigits;
}

/** The digits that matter, and the power of ten of the last one. */
function decimalOf(text: string): { minus: string; digits: string; exponent: number } {
  const [, minus = "", whole = "", fraction = "", power = "0"] =
    /^(-?)(\d+)(?:\.(\d+))?(?:e([+-]?\d+))?$/i.exec(text) ?? [];
  const all = `${whole}${fraction}`.replace(/^0+/, "");
  const digits = all.replace(/0+$/, "");
  const exponent = Number(power) - fraction.length + all.length - digits.length;
  return { minus, digits, exponent };
}
