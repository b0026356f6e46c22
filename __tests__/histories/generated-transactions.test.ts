/** Transactions with items of entities that fast-check declares: of all kinds of keys, payloads and indexes. */
import { historyTimeoutMs } from "./clients.js";
import { generatedOn } from "./settings.js";
import { generatedLists } from "./subjects.js";
import { transactions } from "./transactions.js";

describe.each(generatedOn(generatedLists))("on $name", (setting) => {
  const withTransactions = setting.engine === "dynalite" ? test.skip : test;

  withTransactions(
    "the sum stays, for every reader too, and each transfer is done once or not at all",
    transactions(setting),
    historyTimeoutMs,
  );
});
