/** Transactions with items of one of the twelve. */
import { historyTimeoutMs, skies } from "./clients.js";
import { competitors } from "./subjects.js";
import { transactions } from "./transactions.js";

describe.each(skies)("on $name", (sky) => {
  const withTransactions = sky.engine === "dynalite" ? test.skip : test;

  withTransactions(
    "the sum stays, for every reader too, and each transfer is done once or not at all",
    transactions({ ...sky, subjects: competitors }),
    historyTimeoutMs,
  );
});
