/** What DynamoDB charges: the price list of one region, with its date and source, and one of your own. */
import { readFile } from "node:fs/promises";
import { ConfigurationError } from "../../src/index.js";
import { isRecord, parsedJson } from "./json.js";

/** Prices of a month. A GB has 1,000,000,000 bytes. */
export interface Prices {
  /** The day whose prices these are, `2026-08-20`. */
  readonly date: string;
  /** Where they are published, to compare with: a page, or a contract. */
  readonly source: string;
  readonly region: string;
  readonly currency: string;
  readonly perMillionReadUnits: number;
  readonly perMillionWriteUnits: number;
  readonly perGbMonth: number;
  /** Of GetRecords, each of which returns up to 1 MB. Those of Lambda are free. */
  readonly perMillionStreamReads: number;
  /** Point-in-time recovery. */
  readonly perGbMonthOfRecovery: number;
}

/**
 * On-demand capacity of the Standard table class, as price lists quoted it on that day: the page itself has
 * no figures without a browser. The 25 GB that an account has free in each region are not taken off: another
 * table may use them.
 */
export const ownPrices: Prices = {
  date: "2026-08-20",
  source: "https://aws.amazon.com/dynamodb/pricing/on-demand/",
  region: "us-east-1",
  currency: "USD",
  perMillionReadUnits: 0.125,
  perMillionWriteUnits: 0.625,
  perGbMonth: 0.25,
  perMillionStreamReads: 0.2,
  perGbMonthOfRecovery: 0.2,
};

const texts = ["date", "source", "region", "currency"] as const;
const amounts = [
  "perMillionReadUnits",
  "perMillionWriteUnits",
  "perGbMonth",
  "perMillionStreamReads",
  "perGbMonthOfRecovery",
] as const;

/** Reads a price list. @throws ConfigurationError that names the file, the member and the rule */
export async function readPrices(file: string | undefined): Promise<Prices> {
  if (file === undefined) return ownPrices;
  const name = `--prices ${file}`;
  const given = parsedJson(await readFile(file, "utf8"), name);
  if (!isRecord(given)) throw new ConfigurationError(`${name} must be an object of prices`);
  for (const member of Object.keys(given)) {
    if ([...texts, ...amounts].includes(member as never)) continue;
    const all = [...texts, ...amounts].join(", ");
    throw new ConfigurationError(`${name}: ${member} is no price; it has ${all}`);
  }
  for (const member of texts) {
    if (typeof given[member] === "string" && given[member] !== "") continue;
    throw new ConfigurationError(`${name}: ${member} must be a text`);
  }
  for (const member of amounts) {
    const amount = given[member];
    if (typeof amount === "number" && amount >= 0 && Number.isFinite(amount)) continue;
    throw new ConfigurationError(`${name}: ${member} must be a number from 0`);
  }
  if (!/^\d{4}-\d{2}-\d{2}$/.test(String(given.date))) {
    throw new ConfigurationError(`${name}: date must be a day, such as ${ownPrices.date}`);
  }
  return given as unknown as Prices;
}
