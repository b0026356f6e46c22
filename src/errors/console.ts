/** What a console shows of an error of this package. */
import { isError } from "../runtime/realms.js";
import { isOwnError } from "./brand.js";
import { nameOf } from "./words.js";

/** Of the stack of a foreign cause: its name may be of any length. */
const mostCharacters = 10_000;

/** The stack and the fields. Of a foreign cause only the stack is shown, whatever else it contains. */
export function inspected(
  this: Error & { toJSON(): Record<string, unknown> },
  _depth: number,
  options: object,
  inspect: (value: unknown, options: object) => string,
): string {
  const { name: _name, message: _message, ...fields } = this.toJSON();
  const { cause } = this;
  if (isOwnError(cause)) fields.cause = cause;
  else if (isError(cause))
    fields.cause = verbatim((cause.stack ?? cause.message).slice(0, mostCharacters));
  else if (cause !== undefined) fields.cause = verbatim(nameOf(cause) ?? typeof cause);
  return `${this.stack ?? this.message} ${inspect(fields, options)}`;
}

/** A text that is shown without quotes. */
function verbatim(text: string): object {
  return { [Symbol.for("nodejs.util.inspect.custom")]: () => text.replaceAll("\n", "\n  ") };
}
