/** What a caller gave to a hook, read once. */
import { reading, wrongCall } from "../browser/errors.js";

/** An object's own members, each read once. @throws ValidationError for what is none, or cannot be read */
export function membersOf<O extends object>(operation: string, path: string, given: O): O {
  // A text of some MB would become as many members.
  if (typeof given !== "object") throw wrongCall(operation, path, "must be an object");
  return reading(operation, () => ({ ...given }));
}
