/** Batches of entities that fast-check declares: of all kinds of keys, payloads and indexes. */
import { batches } from "./batches.js";
import { historyTimeoutMs } from "./clients.js";
import { generatedOn } from "./settings.js";
import { generatedLists } from "./subjects.js";

describe.each(generatedOn(generatedLists, 1 / 2))("on $name", (setting) => {
  test(
    "every item is as it was last written, or as an error says that it may be",
    batches(setting),
    historyTimeoutMs,
  );
});
