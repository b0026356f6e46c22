/** `bayon-data rotate`: encrypts every secret of the table with the current key. */
import type { Command } from "commander";
import { resolveCipher } from "../../../src/secrets/encryption.js";
import type { Terminal } from "../../run/terminal.js";
import {
  clearText,
  type Rotation,
  type RotationState,
  rotateTable,
} from "../../upkeep/rotate-table.js";
import { type CommandContext, UsageError } from "../connection.js";
import { commandLine, resumable } from "../long-command.js";
import { addSweepFlags, runSweep, type SweepFlags } from "../sweep-command.js";

export function addRotateCommand(program: Command, context: CommandContext): void {
  addSweepFlags(program.command("rotate"))
    .description("encrypt the table's secrets with the current key of COAGENT_ENCRYPTION_KEYS")
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
    .action((flags: SweepFlags, command: Command) =>
      resumable(context, { again: commandLine(command), json: flags.json }, () =>
        rotate(flags, context),
      ),
    );
}

async function rotate(flags: SweepFlags, context: CommandContext): Promise<void> {
  const cipher = resolveCipher();
  if (cipher === undefined) {
    throw new UsageError("COAGENT_ENCRYPTION_KEYS is not set: rotate needs the keys");
  }
  const { id: keyId } = await cipher.currentKey();
  await runSweep<RotationState, Rotation>(flags, context, {
    name: "rotate",
    doing: "Encrypting the secrets of",
    with: ` with the key ${keyId}`,
    sameAs: ` to the key ${keyId}`,
    sweep: (table, options) => rotateTable(table, { ...options, cipher }),
    told: ({ report }) => {
      // The numbers of items are in the account, under the names that people read.
      const { plain: _p, done: _d, leftItems: _l, ...counts } = report;
      return { keyId, ...counts };
    },
    show: (rotation, dryRun, terminal) => show(rotation, keyId, dryRun, terminal),
    leftWhat: "secret",
  });
}

function show({ report }: Rotation, keyId: string, dryRun: boolean, { line }: Terminal): void {
  const rotated = Object.entries(report.rotated).toSorted(([a], [b]) => (a < b ? -1 : 1));
  line(`under the key ${keyId} already: ${report.current}`);
  for (const [from, times] of rotated) {
    const under = from === clearText ? "in clear text" : `under the key ${from}`;
    line(`${under}, ${dryRun ? "would be encrypted" : "encrypted"}: ${times}`);
  }
}
