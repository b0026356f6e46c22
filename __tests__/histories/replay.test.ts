/** The stream of histories of concurrent calls under faults, replayed. */
import { describeEach, settings } from "../engines.js";
import { historyTimeoutMs } from "./clients.js";
import { replays } from "./replay.js";

describeEach(settings, ({ engine }) => engine !== "dynalite")("on $name", (setting) => {
  test(
    "a replay of the stream into an empty map ends in the table's items, however often records are delivered",
    replays(setting),
    historyTimeoutMs,
  );
});
