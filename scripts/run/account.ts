/**
 * The account of a command over many items: how many it read, and how many came to each outcome.
 * Each number is counted where it happens, so that an item without an outcome, or with two, shows.
 */

/** How many came to each outcome, which is named as people read it. */
export type Outcomes = Readonly<Record<string, number>>;

export interface Account {
  readonly read: number;
  readonly outcomes: Outcomes;
}

/** A command's counts do not come out the same: something was lost, or dealt with twice. */
export class AccountError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "AccountError";
  }
}

/**
 * Closes an account.
 * @param what is counted: `items`
 * @param hint what a person can do
 * @throws AccountError with both sides if they differ
 */
export function settled(what: string, read: number, outcomes: Outcomes, hint: string): Account {
  const account = { read, outcomes };
  const sum = Object.values(outcomes).reduce((total, one) => total + one, 0);
  if (sum === read) return account;
  throw new AccountError(
    `the counts differ: ${sidesOf(what, account, "but")} make ${sum}. Something was lost or handled twice; ${hint}`,
  );
}

/** `32 items read = 16 adopted + 15 complete + 1 left + 0 gone meanwhile` */
export function accountLine(what: string, account: Account): string {
  return sidesOf(what, account, "=");
}

function sidesOf(what: string, { read, outcomes }: Account, between: string): string {
  const parts = Object.entries(outcomes).map(([name, times]) => `${times} ${name}`);
  return `${read} ${what} read ${between} ${parts.join(" + ")}`;
}
