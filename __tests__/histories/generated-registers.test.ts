/** The same of items of entities that fast-check declares, with their further indexes and expiry. */
import { historyTimeoutMs } from "./clients.js";
import { observed } from "./registers.js";
import { generatedOn } from "./settings.js";
import { generated } from "./subjects.js";

describe.each(generatedOn(generated))("on $name", (setting) => {
  test(
    "what several clients saw of an item could have happened one call after the other",
    observed(setting),
    historyTimeoutMs,
  );
});
