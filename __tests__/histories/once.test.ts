/** What happens once to an item of one of the twelve. */
import { historyTimeoutMs, skies } from "./clients.js";
import { once } from "./once.js";
import { competitors } from "./subjects.js";

describe.each(skies)("on $name", (sky) => {
  const { increments, fields } = once({ ...sky, subjects: competitors });

  test(
    "a counter under a lock counts each increment that was acknowledged, once",
    increments,
    historyTimeoutMs,
  );

  test(
    "each field of an item holds what its writer was last acknowledged, or what it may have written since",
    fields,
    historyTimeoutMs,
  );
});
