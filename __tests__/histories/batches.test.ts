/** Batches of one of the twelve. */
import { batches } from "./batches.js";
import { historyTimeoutMs, skies } from "./clients.js";
import { projects } from "./subjects.js";

describe.each(skies)("on $name", (sky) => {
  test(
    "every item is as it was last written, or as an error says that it may be",
    batches({ ...sky, subjects: projects }),
    historyTimeoutMs,
  );
});
