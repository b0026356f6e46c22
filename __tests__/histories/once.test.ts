/** What happens once to an item of one of the twelve. */
import { historyTimeoutMs, skies } from "./clients.js";
import { once } from "./once.js";
import { competitors } from "./subjects.js";

describe.each(skies)("on $name", (sky) => {
  const { increments, additions, fields } = once({ ...sky, subjects: competitors });

  test(
    "a counter under a lock counts each increment that was acknowledged, once",
    increments,
    historyTimeoutMs,
  );

  test(
    "a counter and a list that DynamoDB adds to have each acknowledged addition, once",
    additions,
    historyTimeoutMs,
  );

  test(
    "each field of an item holds what its writer was last acknowledged, or what it may have written since",
    fields,
    historyTimeoutMs,
  );
});
