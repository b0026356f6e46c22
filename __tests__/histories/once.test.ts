/** What happens once to a counter and a list of one of the twelve. */
import { historyTimeoutMs, skies } from "./clients.js";
import { once } from "./once.js";
import { competitors } from "./subjects.js";

describe.each(skies)("on $name", (sky) => {
  const { increments, additions } = once({ ...sky, subjects: competitors });

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
});
