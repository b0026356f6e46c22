/** What happens once to items of entities that fast-check declares, whose fields are in index keys. */
import { historyTimeoutMs } from "./clients.js";
import { once } from "./once.js";
import { generatedOn } from "./settings.js";
import { generated, generatedPlaces } from "./subjects.js";

describe.each(generatedOn(generated))("on $name", (setting) => {
  test(
    "a counter under a lock counts each increment that was acknowledged, once",
    once(setting).increments,
    historyTimeoutMs,
  );
});

describe.each(generatedOn(generated))("additions on $name", (setting) => {
  test(
    "a counter and a list that DynamoDB adds to have each acknowledged addition, once",
    once(setting).additions,
    historyTimeoutMs,
  );
});

describe.each(generatedOn(generatedPlaces, 1.5))("index keys of two fields on $name", (setting) => {
  test(
    "each field holds what its writer was last acknowledged, and the keys are made of both",
    once(setting).fields,
    historyTimeoutMs,
  );
});
