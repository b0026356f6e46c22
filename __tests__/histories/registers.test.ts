/** A project and several clients, by each of the ways that requests can go wrong. */
import { engines } from "../engines.js";
import { historyTimeoutMs } from "./clients.js";
import { observed } from "./registers.js";
import { projects } from "./subjects.js";

/** Every second read is sent twice, so that answers of an earlier time come late. */
const eager = { percentile: 50, minDelayMs: 1, maxExtraLoad: 1 };
const plain = { hedgedReads: false as const, overTcp: false, subjects: projects };

const settings = engines.flatMap((engine) => [
  { ...plain, ...engine },
  { ...plain, ...engine, name: `${engine.name}, with hedged reads`, hedgedReads: eager },
  { ...plain, ...engine, name: `${engine.name}, over TCP`, overTcp: true },
]);

describe.each(settings)("on $name", (setting) => {
  test(
    "what several clients saw of an item could have happened one call after the other",
    observed(setting),
    historyTimeoutMs,
  );
});
