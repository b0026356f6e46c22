/** `bayon-data rotate`: encrypts every secret of the table with the current key. */
import { join } from "node:path";
import type { Command } from "commander";
import { resolveCipher } from "../../../src/secrets/encryption.js";
import type { RawTable } from "../../raw/raw-table.js";
import { accountLine } from "../../run/account.js";
import { defaultStateFolder, openRun } from "../../run/run-state.js";
import { count, cut, duration, type Terminal } from "../../run/terminal.js";
import {
  clearText,
  type Rotation,
  type RotationState,
  rotateTable,
} from "../../upkeep/rotate-table.js";
import {
  type CommandContext,
  exitCode,
  placeOf,
  refuseProduction,
  UsageError,
} from "../connection.js";
import {
  addLongFlags,
  commandLine,
  type LongFlags,
  progressOf,
  resumable,
  withRawTable,
} from "../long-command.js";

interface RotateFlags extends LongFlags {
  readonly dryRun?: boolean;
  readonly state: string;
  readonly restart?: boolean;
  readonly allowProduction?: boolean;
}

export function addRotateCommand(program: Command, context: CommandContext): void {
  addLongFlags(program.command("rotate"))
    .description("encrypt the table's secrets with the current key of COAGENT_ENCRYPTION_KEYS")
    .option("--dry-run", "report the same, write nothing")
    .option("--state <folder>", "where checkpoint and findings are kept", defaultStateFolder)
    .option("--restart", "forget the checkpoint of an interrupted run")
    .option("--allow-production", "write to a production table")
    .addHelpText(
      "after",
      `
Encrypts with the current key whatever is in clear text or under another key; the other keys must be
in the variable, too, to read it. UpdatedAt does not change, so the locks of live users hold. Each
write is conditional on the values being as they were read: readers and writers may go on meanwhile.
A token that is being refreshed is left until its refresh has ended. A second run writes nothing.

To rotate keys, in this order: give the new key to every process; make it the current one
everywhere; run rotate; remove the old key when bayon-data doctor no longer finds it in use.

A secret that cannot be read is left as it is, and listed in <state>/rotate/left.ndjson; with
"clearText":"refuse" in the variable, that includes secrets in clear text.

Exit codes: 0 success, 1 secrets were left, 2 wrong usage, 130 interrupted, 143 terminated.

Examples:
  $ bayon-data rotate --environment production --dry-run
  $ bayon-data rotate --environment production --allow-production`,
    )
    .action((flags: RotateFlags, command: Command) =>
      resumable(context, { again: commandLine(command), json: flags.json }, () =>
        rotate(flags, context),
      ),
    );
}

async function rotate(flags: RotateFlags, context: CommandContext): Promise<void> {
  const { terminal, signal } = context;
  const { concurrency: segments, dryRun = false, restart, json = false } = flags;
  const cipher = resolveCipher();
  if (cipher === undefined) {
    throw new UsageError("COAGENT_ENCRYPTION_KEYS is not set: rotate needs the keys");
  }
  const { id: keyId } = await cipher.currentKey();
  const folder = join(flags.state, "rotate");
  const startedAt = performance.now();
  const rotation = await withRawTable(flags, context, async (table, data) => {
    if (!dryRun) refuseProduction(data, "rotate writes", flags.allowProduction === true);
    const { ItemCount: total } = await table.describe();
    const run = await openRun<RotationState>({
      command: dryRun ? "rotate-dry-run" : "rotate",
      folder,
      fingerprint: `rotate ${placeOf(data)} to the key ${keyId} in ${segments} segments`,
      restart: restart === true || dryRun,
    });
    if (!json) {
      const again = run.state === undefined ? "" : ", going on from its checkpoint";
      const what = dryRun ? "Looking at" : "Encrypting the secrets of";
      terminal.line(`${what} ${placeOf(data)} with the key ${keyId}${again}`);
    }
    const progress = progressOf(terminal, "items", total, table, json);
    try {
      const done = await rotateTable(table, {
        cipher,
        segments,
        dryRun,
        run: dryRun ? undefined : run,
        findingsPath: join(folder, leftFile(dryRun)),
        signal,
        onProgress: (items) => progress.advance(items),
      });
      progress.end();
      const ms = Math.round(performance.now() - startedAt);
      if (json) {
        const { report, account, examples } = done;
        // The numbers of items are in the account, under the names that people read.
        const { plain: _p, done: _d, leftItems: _l, ...counts } = report;
        const told = { dryRun, keyId, ...counts, account, ...table.traffic, ms, examples };
        terminal.line(JSON.stringify(told));
      } else show(done, table, { dryRun, keyId, ms, folder }, terminal);
      return done;
    } finally {
      progress.end();
      await run.release();
    }
  });
  context.finish(leftOf(rotation) > 0 ? exitCode.findings : exitCode.ok);
}

function leftFile(dryRun: boolean): string {
  return dryRun ? "left-dry-run.ndjson" : "left.ndjson";
}

function leftOf({ report }: Rotation): number {
  return Object.values(report.left).reduce((sum, one) => sum + one, 0);
}

interface Told {
  readonly dryRun: boolean;
  readonly keyId: string;
  readonly ms: number;
  readonly folder: string;
}

function show(
  rotation: Rotation,
  { traffic }: RawTable,
  { dryRun, keyId, ms, folder }: Told,
  { line, paint, columns: width }: Terminal,
): void {
  const { report, account, examples } = rotation;
  const rotated = Object.entries(report.rotated).toSorted(([a], [b]) => (a < b ? -1 : 1));
  line(`under the key ${keyId} already: ${report.current}`);
  for (const [from, times] of rotated) {
    const under = from === clearText ? "in clear text" : `under the key ${from}`;
    line(`${under}, ${dryRun ? "would be encrypted" : "encrypted"}: ${times}`);
  }
  for (const { kind, key, rule } of examples) {
    line(`${paint("yellow", "left")}  ${kind}: ${cut(key, width - 10)}`);
    line(`      ${cut(rule, width - 10)}`);
  }
  const left = leftOf(rotation);
  if (left > 0) line(`${count(left, "secret")} left: ${join(folder, leftFile(dryRun))}`);
  const { requests, throttles } = traffic;
  const races = report.lostRaces === 0 ? "" : `, ${count(report.lostRaces, "lost race")}`;
  const slow = throttles === 0 ? "" : `, ${throttles} throttled`;
  line(accountLine("items", account));
  line(
    `${count(report.items, "item")}, ${count(requests, "request")}${slow}${races}, ${duration(ms)}`,
  );
}
