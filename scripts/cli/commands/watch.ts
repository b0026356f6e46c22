/** `bayon-data watch`: the table's changes as they happen, a line each. */
import { type Command, Option } from "commander";
import { fileCheckpoint, watch } from "../../../src/streams/index.js";
import { jsonLine } from "../../raw/json-line.js";
import { knownDefinitions } from "../../raw/known-entities.js";
import { changeLine, changeRecord, type ShownChange } from "../change-line.js";
import {
  addConfigOption,
  addConnectionFlags,
  type CommandContext,
  type ConnectionFlags,
  exitCode,
  placeOf,
  UsageError,
  withConnection,
} from "../connection.js";
import { jsonOption } from "../long-command.js";

interface WatchFlags extends ConnectionFlags {
  readonly entity?: string;
  readonly user?: string;
  readonly json?: boolean;
  readonly from: "now" | "start";
  readonly checkpoint?: string;
}

export function addWatchCommand(program: Command, context: CommandContext): void {
  addConfigOption(addConnectionFlags(program.command("watch")))
    .description("show the changes of the table's items as they happen, until Ctrl-C")
    .option("--entity <store>", "those of one store alone, such as savedContent")
    .option("--user <id>", "those of items whose key names this user or agent alone")
    .addOption(
      new Option("--from <place>", "begin with what is stored from now on, or 24 hours ago")
        .choices(["now", "start"])
        .default("now"),
    )
    .option("--checkpoint <file>", "keep the place in this file, and go on from there")
    .option(...jsonOption)
    .addHelpText(
      "after",
      `
A line has the time (UTC), what happened, the item, and which fields of its payload changed, with
their values before and after. Secrets are masked. Rows that no entity owns are only named.
Writes nothing. The table needs a stream (table create --stream), and the command needs
@aws-sdk/client-dynamodb-streams: npm install @aws-sdk/client-dynamodb-streams@3

Exit codes: 130 after Ctrl-C, 1 a failure, 2 wrong usage or a table without a stream.

Examples:
  $ bayon-data watch --environment local
  $ bayon-data watch --entity savedContent --user user-1 --from start
  $ bayon-data watch --json --checkpoint .bayon/watch.json --config ./dist/data-config.js`,
    )
    .action((flags: WatchFlags) => show(flags, context));
}

async function show(flags: WatchFlags, context: CommandContext): Promise<void> {
  const { terminal, signal } = context;
  const { entity, user, json, from, checkpoint } = flags;
  if (user === "") throw new UsageError("--user needs the id of a user or an agent");
  await withConnection(flags, context, async ({ data }) => {
    const stores = Object.keys(knownDefinitions());
    if (entity !== undefined && !stores.includes(entity)) {
      throw new UsageError(`there is no store ${entity}: the stores are ${stores.join(", ")}`);
    }
    const changes = watch(data, {
      ...{ from, signal },
      ...(checkpoint !== undefined && { checkpoints: fileCheckpoint(checkpoint) }),
      onStart: () => {
        if (json !== true) terminal.complain(`watching ${placeOf(data)}; Ctrl-C ends it`);
      },
      onUnowned: ({ eventName, dynamodb }) => {
        if (entity !== undefined || user !== undefined) return;
        const key = JSON.stringify(dynamodb?.Keys);
        if (json === true) {
          terminal.line(JSON.stringify({ kind: "unowned", event: eventName, key: dynamodb?.Keys }));
        } else terminal.line(terminal.paint("dim", `${eventName} of a row of no entity: ${key}`));
      },
    });
    for await (const change of changes) {
      const shown = change as unknown as ShownChange;
      if (!isWanted(shown, entity, user)) continue;
      const text = json === true ? jsonLine(changeRecord(shown)).trimEnd() : undefined;
      const colour = colours[shown.kind] ?? "yellow";
      terminal.line(text ?? terminal.paint(colour, changeLine(shown, terminal.columns)));
    }
  });
  context.finish(exitCode.ok);
}

const colours: Readonly<Record<string, "green" | "cyan" | "red" | "dim">> = {
  created: "green",
  updated: "cyan",
  deleted: "red",
  expired: "dim",
};

function isWanted(
  { entity, key }: ShownChange,
  store: string | undefined,
  user: string | undefined,
): boolean {
  const { userId, agentId } = key as { readonly userId?: unknown; readonly agentId?: unknown };
  return (
    (store === undefined || entity === store) &&
    (user === undefined || userId === user || agentId === user)
  );
}
