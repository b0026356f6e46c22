/** What one of many gets of one of the twelve. */
import { claims } from "./claims.js";
import { historyTimeoutMs, skies } from "./clients.js";
import { projects } from "./subjects.js";

describe.each(skies)("on $name", (sky) => {
  const { conditions, creates, ids } = claims({ ...sky, subjects: projects });

  test(
    "of many who claim an item under a condition one gets it, and those who were refused did not",
    conditions,
    historyTimeoutMs,
  );

  test(
    "of many who create an item one does, and those who were refused did not",
    creates,
    historyTimeoutMs,
  );

  test(
    "an item with a generated id is there once where it was acknowledged, and once at most else",
    ids,
    historyTimeoutMs,
  );
});
