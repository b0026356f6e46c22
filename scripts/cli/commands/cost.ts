/** `bayon-data cost`: what calls cost in a month, from what was measured or from a description. */
import { type Command, InvalidArgumentError } from "commander";
import { type Bill, billOf } from "../../cost/bill.js";
import { readEstimate } from "../../cost/estimate.js";
import { ownPrices, type Prices, readPrices } from "../../cost/prices.js";
import { readSizes } from "../../cost/sizes.js";
import { readEvents } from "../../cost/usage.js";
import { knowEntities } from "../../raw/known-entities.js";
import { count, type Terminal, table } from "../../run/terminal.js";
import {
  addConfigOption,
  addVerboseOption,
  type CommandContext,
  exitCode,
  UsageError,
} from "../connection.js";
import { jsonOption } from "../long-command.js";

interface CostFlags {
  readonly from?: string;
  readonly over?: number;
  readonly estimate?: string;
  readonly sizes?: string;
  readonly storageGb?: number;
  readonly streamReads?: number;
  readonly pitr?: boolean;
  readonly prices?: string;
  readonly showPrices?: boolean;
  readonly config?: string;
  readonly json?: boolean;
}

/** A month as AWS counts it: 730 hours. */
const monthMs = 730 * 3_600_000;

export function addCostCommand(program: Command, context: CommandContext): void {
  const command = program
    .command("cost")
    .description("print what calls cost in a month of on-demand capacity; sends no request")
    .option("--from <file>", "events of requests, a JSON object a line, or sums of data.stats()")
    .option(
      "--over <time>",
      "with --from: how long they were collected, such as 90m, 24h or 7d",
      timeOf,
    )
    .option("--estimate <file>", "a description of the calls of a month, as JSON")
    .option(
      "--sizes <file>",
      "what bayon-data doctor --json printed, for sizes of items and of the table",
    )
    .option("--storage-gb <number>", "what the table and its indexes store", amountOf)
    .option("--stream-reads <number>", "GetRecords of a month, other than Lambda's", amountOf)
    .option("--pitr", "point-in-time recovery is on")
    .option("--prices <file>", "a price list of your own, as JSON")
    .option("--show-prices", "print the price list, to begin your own with")
    .option(...jsonOption);
  addVerboseOption(addConfigOption(command))
    .addHelpText(
      "after",
      `
--from takes what the option events received, with a time if it is to find out by itself how long that
was: { time, ...event }. A log of pino's is such a file. --estimate takes
  { "calls": [{ "call": "query", "entity": "SavedContent", "items": 20, "bytes": 2400,
    "perMonth": 1000000 }], "storageGB": 5 }
Units follow from DynamoDB's rules; bytes may be left out with --sizes. Instead of call and entity, a
line may have name, readUnits and writeUnits, as data.stats() measured them.

The prices are those of ${ownPrices.region} on ${ownPrices.date}, without the free 25 GB of an account, and
without taxes. A month has 730 hours.

Exit codes: 0 printed, 1 a file cannot be read, 2 wrong usage.

Examples:
  $ bayon-data cost --from events.ndjson --over 24h
  $ bayon-data doctor --environment production --json > sizes.json
  $ bayon-data cost --estimate calls.json --sizes sizes.json --pitr
  $ bayon-data cost --show-prices > prices.json`,
    )
    .action((flags: CostFlags) => cost(flags, context));
}

async function cost(flags: CostFlags, { terminal, finish }: CommandContext): Promise<void> {
  if (flags.showPrices) terminal.line(JSON.stringify(await readPrices(flags.prices), null, 2));
  else await tellBill(flags, terminal);
  finish(exitCode.ok);
}

async function tellBill(flags: CostFlags, terminal: Terminal): Promise<void> {
  const { from, estimate } = flags;
  if ((from === undefined) === (estimate === undefined)) {
    throw new UsageError("give --from <file> or --estimate <file>, and not both");
  }
  await knowEntities(flags.config);
  const prices = await readPrices(flags.prices);
  const found =
    from === undefined ? await estimated(estimate ?? "", flags) : await observed(from, flags);
  const besides = { ...found.besides, recovery: flags.pitr === true };
  const bill = billOf(found.usages, found.factor, besides, prices);
  const { notes } = found;
  if (flags.json) terminal.line(JSON.stringify({ ...bill, prices, notes }));
  else show(bill, prices, notes, terminal);
}

/** @throws UsageError if it is not known how long the events were collected */
async function observed(file: string, { over, storageGb = 0, streamReads = 0, sizes }: CostFlags) {
  if (sizes !== undefined) throw new UsageError("--sizes is for --estimate");
  const { usages, withoutUnits, otherLines, spanMs } = await readEvents(file);
  const collectedMs = over ?? spanMs;
  if (collectedMs === undefined) {
    throw new UsageError(`--from ${file}: say how long the events were collected with --over`);
  }
  const notes = [
    `${hoursText(collectedMs)} of events, as if the month were like them`,
    ...(withoutUnits === 0
      ? []
      : [
          `${count(withoutUnits, "line")} without units: a refused write is billed, and reports none`,
        ]),
    ...(otherLines === 0 ? [] : [`${count(otherLines, "line")} left out: no events`]),
  ];
  const besides = { storageGB: storageGb, streamReads };
  return { usages, factor: monthMs / collectedMs, besides, notes };
}

async function estimated(file: string, { over, storageGb, streamReads, sizes }: CostFlags) {
  if (over !== undefined) throw new UsageError("--over is for --from");
  const measured = await readSizes(sizes);
  const plan = await readEstimate(file, measured.sizes);
  const besides = {
    storageGB: storageGb ?? (plan.storageGB || (measured.storageGB ?? 0)),
    streamReads: streamReads ?? plan.streamReads,
  };
  return { usages: plan.usages, factor: 1, besides, notes: [] };
}

function show(bill: Bill, prices: Prices, notes: readonly string[], terminal: Terminal): void {
  const { calls, storageGB, storage, recovery, streamReads, streams, total } = bill;
  const row = (what: string, numbers: readonly number[], amount: number) => [
    ...numbers.map(whole),
    money(amount),
    what,
  ];
  const besides = [
    ...(storageGB === 0
      ? []
      : [["", "", "", money(storage), `storage of ${amountText(storageGB)} GB`]]),
    ...(recovery === 0 ? [] : [["", "", "", money(recovery), "point-in-time recovery"]]),
    ...(streams === 0
      ? []
      : [["", "", "", money(streams), `${whole(streamReads)} reads of the stream`]]),
  ];
  const rows = [
    ["requests", "read units", "write units", prices.currency, "in a month"],
    ...calls.map(({ what, requests, readUnits, writeUnits, cost }) =>
      row(what, [requests, readUnits, writeUnits], cost),
    ),
    ...besides,
    ["", "", "", money(total), "total"],
  ];
  for (const line of table(alignedRight(rows), terminal.columns)) terminal.line(line);
  terminal.line();
  for (const note of notes) terminal.line(note);
  terminal.line(`prices of ${prices.region} on ${prices.date}: ${prices.source}`);
}

/** Numbers to the right: all cells but the last are as wide as the widest of their column. */
function alignedRight(rows: readonly (readonly string[])[]): string[][] {
  const width = (at: number) => Math.max(...rows.map((row) => row[at]?.length ?? 0));
  return rows.map((row) =>
    row.map((cell, at) => (at === row.length - 1 ? cell : cell.padStart(width(at)))),
  );
}

function hoursText(ms: number): string {
  return count(Number((ms / 3_600_000).toPrecision(3)), "hour");
}

function whole(number: number): string {
  return Math.round(number).toLocaleString("en-US");
}

function amountText(number: number): string {
  return number.toLocaleString("en-US", { maximumFractionDigits: 3 });
}

/** With cents; less than half a cent is shown as such. */
function money(amount: number): string {
  if (amount > 0 && amount < 0.005) return "< 0.01";
  return amount.toLocaleString("en-US", { minimumFractionDigits: 2, maximumFractionDigits: 2 });
}

function timeOf(text: string): number {
  const [, number, unit] = /^(\d+(?:\.\d+)?)([mhd])$/.exec(text) ?? [];
  const units: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 };
  const ms = Number(number) * (units[unit ?? ""] ?? Number.NaN);
  if (ms > 0) return ms;
  throw new InvalidArgumentError("It must be minutes, hours or days, such as 90m, 24h or 7d.");
}

function amountOf(text: string): number {
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text);
  throw new InvalidArgumentError("It must be a number from 0.");
}
