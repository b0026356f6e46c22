/** The forms of key parts that are no free text: whole numbers, padded so that keys sort by them, and dates. */

/** The form of a part: a number of so many digits, or a date. */
export type PartForm = number | "date";

/** The most digits of a number in a key: every such number is exact in JavaScript. */
export const mostDigits = 15;

/** The rule that a part of this form breaks; `undefined` if it is valid. */
export function formRule(form: PartForm, value: unknown): string | undefined {
  if (form === "date") return isDate(value) ? undefined : "must be a date: YYYY-MM-DD";
  const most = 10 ** form - 1;
  const isNumber = typeof value === "number" && Number.isInteger(value);
  return isNumber && value >= 0 && value <= most
    ? undefined
    : `must be an integer from 0 to ${most}`;
}

/** A valid part as a key holds it. */
export function formText(form: PartForm, value: unknown): string {
  return form === "date" ? String(value) : String(value).padStart(form, "0");
}

/** Whether a text in a key has the form. */
export function hasForm(form: PartForm, text: string): boolean {
  return form === "date" ? isDate(text) : text.length === form && /^\d+$/.test(text);
}

/** Whether it is a day of the calendar, as ISO 8601 writes it. */
function isDate(value: unknown): boolean {
  if (typeof value !== "string" || !/^\d{4}-\d\d-\d\d$/.test(value)) return false;
  const time = Date.parse(`${value}T00:00:00Z`);
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(value);
}
