/** What one of many gets of entities that fast-check declares. */
import { claims } from "./claims.js";
import { historyTimeoutMs } from "./clients.js";
import { generatedOn } from "./settings.js";
import { generated, generatedMade } from "./subjects.js";

describe.each(generatedOn(generated, 1 / 2))("on $name", (setting) => {
  const { conditions, creates, ids } = claims(setting, generatedMade);

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
