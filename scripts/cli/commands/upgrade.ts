/** `bayon-data upgrade`: rewrites payloads of older versions in the version that the code declares. */
import type { Command } from "commander";
import type { EntityModel } from "../../../src/entity/model.js";
import { resolveCipher } from "../../../src/secrets/encryption.js";
import { entitiesByType } from "../../move/placement.js";
import { knowEntities } from "../../raw/known-entities.js";
import { table as columns, type Terminal } from "../../run/terminal.js";
import { type TableUpgrade, type UpgradeState, upgradeTable } from "../../upkeep/upgrade-table.js";
import { type CommandContext, UsageError } from "../connection.js";
import { commandLine, resumable } from "../long-command.js";
import { addSweepFlags, runSweep, type SweepFlags } from "../sweep-command.js";

interface UpgradeFlags extends SweepFlags {
  readonly entity?: string;
}

export function addUpgradeCommand(program: Command, context: CommandContext): void {
  addSweepFlags(program.command("upgrade"))
    .description("rewrite payloads of older versions in the version that the entities declare")
    .option("--entity <store>", "only the items of this entity, by the name of its store (all)")
    .addHelpText(
      "after",
      `
Runs the upgrades of the entities in --config on every payload of an older version, and stores the
result with its version, its index keys and its expiry. Readers see no difference: they upgrade what
they read. UpdatedAt does not change, so the locks of live users hold. Each write is conditional on
the item being as it was read: readers and writers may go on meanwhile. Payloads of a newer version
are counted and left. A second run writes nothing. If secrets are encrypted, COAGENT_ENCRYPTION_KEYS
must have the keys.

Before it, no process must run that does not know the current version.

A payload whose upgrade fails, or whose secrets cannot be read, is left as it is, and listed with its
key in <state>/upgrade/left.ndjson.

Exit codes: 0 success, 1 payloads were left, 2 wrong usage, 130 interrupted, 143 terminated.

Examples:
  $ bayon-data upgrade --config entities.js --environment production --dry-run
  $ bayon-data upgrade --config entities.js --environment production --allow-production --entity lead`,
    )
    .action((flags: UpgradeFlags, command: Command) =>
      resumable(context, { again: commandLine(command), json: flags.json }, () =>
        upgrade(flags, context),
      ),
    );
}

async function upgrade(flags: UpgradeFlags, context: CommandContext): Promise<void> {
  await knowEntities(flags.config);
  const models = modelsOf(flags.entity);
  const versions = models.map(({ name, versions }) => `${name} ${versions?.current}`).join(", ");
  const cipher = resolveCipher();
  await runSweep<UpgradeState, TableUpgrade>(flags, context, {
    name: "upgrade",
    doing: "Upgrading",
    with: ` to ${versions}`,
    sameAs: ` to ${versions}`,
    sweep: (table, options) => upgradeTable(table, { ...options, models, cipher }),
    told: ({ report }) => report,
    show,
    leftWhat: "payload",
  });
}

/** @throws UsageError if there is nothing that could be upgraded */
function modelsOf(store: string | undefined): EntityModel[] {
  const all = [...entitiesByType().values()].filter(({ model }) => model.versions !== undefined);
  if (all.length === 0) {
    throw new UsageError(
      "no entity declares a version: --config names the module of those that do",
    );
  }
  const wanted = all.filter(({ facade }) => store === undefined || facade === store);
  if (wanted.length === 0) {
    const names = all.map(({ facade }) => facade).join(", ");
    throw new UsageError(`--entity ${store} declares no version: those that do are ${names}`);
  }
  return wanted.map(({ model }) => model);
}

function show({ report }: TableUpgrade, dryRun: boolean, { line }: Terminal): void {
  const entities = Object.entries(report.entities).toSorted(([a], [b]) => (a < b ? -1 : 1));
  const rows = entities.flatMap(([name, { upgraded, current, newer }]) => [
    ...Object.entries(upgraded).map(([version, times]) => [name, version, times, "", ""]),
    ...(current > 0 ? [[name, "current", "", current, ""]] : []),
    ...Object.entries(newer).map(([version, times]) => [name, version, "", "", times]),
  ]);
  if (rows.length === 0) return;
  const head = ["", "version", dryRun ? "would upgrade" : "upgraded", "as they are", "newer"];
  for (const row of columns([head, ...rows])) line(row);
}
