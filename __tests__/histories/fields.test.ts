/** What becomes of the fields of one of the twelve, each of which has a writer of its own. */
import { historyTimeoutMs, skies } from "./clients.js";
import { once } from "./once.js";
import { competitors } from "./subjects.js";

describe.each(skies)("on $name", (sky) => {
  test(
    "each field of an item holds what its writer was last acknowledged, or what it may have written since",
    once({ ...sky, subjects: competitors }).fields,
    historyTimeoutMs,
  );
});
