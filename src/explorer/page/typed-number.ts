/** Numbers as they are typed: JavaScript rounds those of many digits, and nothing says so. */

/** @throws Error that says what the text is not */
export function typedNumber(text: string): number {
  const number = Number(text);
  const digits = digitsOf(text);
  if (digits === undefined || !Number.isFinite(number)) throw new Error("must be a number");
  if (digits !== digitsOf(String(number))) {
    throw new Error(`has more digits than a number keeps: it would be ${number}`);
  }
  // DynamoDB has no -0.
  return number + 0;
}

/** The texts of JSON and its numbers; what is in a text is no number. */
const textOrNumber = /"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*/g;

/** @throws Error that says how a number of JSON is written that would be rounded otherwise */
export function refuseRounded(json: string): void {
  for (const [found] of json.matchAll(textOrNumber)) {
    if (found.startsWith('"') || digitsOf(found) === digitsOf(String(Number(found)))) continue;
    const kind = /[.e]/i.test(found) ? "number" : "bigint";
    const form = JSON.stringify({ $: kind, v: found });
    throw new Error(`has a number with more digits than one of JSON keeps: write it as ${form}`);
  }
}

const decimal = /^[+-]?(?=\.?\d)(\d*)\.?(\d*)(?:e([+-]?\d+))?$/i;

/**
 * The digits of a number's text and the power of ten of the last, the same for all texts of one number;
 * `undefined` if it is none.
 */
function digitsOf(text: string): string | undefined {
  const match = decimal.exec(text);
  if (match === null) return undefined;
  const [, whole = "", fraction = "", exponent = "0"] = match;
  const all = `${whole}${fraction}`.replace(/^0+/, "");
  let end = all.length;
  while (all[end - 1] === "0") end -= 1;
  if (end === 0) return "0";
  return `${all.slice(0, end)}e${Number(exponent) - fraction.length + all.length - end}`;
}
