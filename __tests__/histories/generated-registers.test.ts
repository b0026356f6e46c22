/** The same of items of entities that fast-check declares, with their further indexes and expiry. */
import { engines } from "../engines.js";
import { historyTimeoutMs } from "./clients.js";
import { observed } from "./registers.js";
import { generated, generatedEntities } from "./subjects.js";

const plain = { hedgedReads: false as const, overTcp: false };

const settings = engines.map((engine) => ({
  ...plain,
  ...engine,
  subjects: generated,
  entities: generatedEntities,
}));

describe.each(settings)("on $name", (setting) => {
  test(
    "what several clients saw of an item could have happened one call after the other",
    observed(setting),
    historyTimeoutMs,
  );
});
