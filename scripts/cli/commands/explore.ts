/** `bayon-data explore`: a page on this machine that shows what is in the table. */
import { once } from "node:events";
import { relative } from "node:path";
import type { Command } from "commander";
import { Meter } from "../../../src/explorer/meter.js";
import type { OwnEntities } from "../../../src/explorer/protocol.js";
import { systemClock } from "../../../src/runtime/clock.js";
import { isObject } from "../../../src/runtime/objects.js";
import { resolveCipher } from "../../../src/secrets/encryption.js";
import type { ConfigFile } from "../../raw/config-file.js";
import { openRawTable } from "../../raw/raw-table.js";
import {
  addConfigOption,
  addConnectionFlags,
  type CommandContext,
  type ConnectionFlags,
  exitCode,
  placeOf,
  refuseProduction,
  UsageError,
  wholeNumber,
  withConnection,
} from "../connection.js";
import { sendingOf, shellLine } from "../long-command.js";
import { placeFor } from "../place.js";

interface ExploreFlags extends ConnectionFlags {
  readonly port: number;
  readonly sample?: number;
  readonly unitsPerMinute?: number;
  readonly write?: boolean;
  readonly allowProduction?: boolean;
}

const defaultPort = 4580;

/** What is read of a table without being asked for more; of one in production, less. */
const usual = { sample: 20_000, unitsPerMinute: 20_000 };
const careful = { sample: 2_000, unitsPerMinute: 1_000 };

export function addExploreCommand(program: Command, context: CommandContext): void {
  addConfigOption(addConnectionFlags(program.command("explore")))
    .description("show what is in the table in a browser on this machine, until Ctrl-C")
    .option(
      "--port <number>",
      "the port on 127.0.0.1; 0 for a free one",
      wholeNumber(0, 65_535),
      defaultPort,
    )
    .option(
      "--sample <items>",
      "count about this many items (20000; in production 2000)",
      wholeNumber(1, 1_000_000_000),
    )
    .option(
      "--units-per-minute <number>",
      "the capacity units that may be used in a minute (20000; in production 1000)",
      wholeNumber(1, 1_000_000_000),
    )
    .option("--write", "let items be changed; without it nothing is written")
    .option("--allow-production", "with --write: change items in production, too")
    .addHelpText(
      "after",
      `
Prints an address with a token, for a browser on this machine; nobody else gets an answer. The page
knows the entities, those of --config too: their items as grids and forms, the items of a user,
the access patterns, and what doctor finds. Each click shows the call that it made, with its requests,
units and milliseconds. Secrets are masked; if keys are configured, one is shown when it is asked for.

Exit codes: 0 stopped by Ctrl-C or SIGTERM, 1 a failure, 2 wrong usage, or the port is in use.

Examples:
  $ bayon-data explore --environment local
  $ bayon-data explore --environment local --write
  $ bayon-data explore --environment production --sample 5000 --units-per-minute 500
  $ bayon-data explore --config ./dist/data-config.js`,
    )
    .action((flags: ExploreFlags) => explore(flags, context));
}

async function explore(flags: ExploreFlags, context: CommandContext): Promise<void> {
  const { signal, sending, explorerPage } = context;
  await withConnection(flags, context, async ({ data, onRequest }) => {
    if (flags.write === true) refuseProduction(data, "--write", flags.allowProduction === true);
    if (explorerPage === undefined) throw new UsageError("explore is not a part of this build");
    const isProduction = data.configuration.environment === "production";
    const { sample, unitsPerMinute } = { ...(isProduction ? careful : usual), ...given(flags) };
    const meter = new Meter(unitsPerMinute, systemClock);
    onRequest((event) => meter.add(event));
    const { configuration, file } = await placeFor(flags);
    const table = openRawTable(configuration, { ...sendingOf(sending), signal });
    // Other commands need neither.
    const { createSurveyor } = await import("../../explore/survey.js");
    const { serveExplorer } = await import("../../explore/serve.js");
    const command = doctorCommand(flags, data.configuration.environment, sample);
    const survey = createSurveyor({ table, meter, sample, cipher: resolveCipher(), command });
    const writable = flags.write === true;
    const onError = (error: unknown) => context.terminal.fail(String(error));
    const running = await serveExplorer({
      ...{ data, meter, survey, writable, onError, page: explorerPage },
      ownEntities: ownEntitiesIn(file),
      port: flags.port,
    }).catch((error: unknown) => {
      throw withAdvice(error, flags.port);
    });
    try {
      greet(placeOf(data), running.url, { writable, isProduction }, context);
      if (!signal.aborted) await once(signal, "abort");
    } finally {
      await running.close();
      table.close();
    }
  });
  context.finish(exitCode.ok);
}

/** The options that were given. */
function given({ sample, unitsPerMinute }: ExploreFlags): Partial<typeof usual> {
  return {
    ...(sample !== undefined && { sample }),
    ...(unitsPerMinute !== undefined && { unitsPerMinute }),
  };
}

/** The command that finds what the overview shows, in the same table. */
function doctorCommand(flags: ExploreFlags, environment: string, sample: number): string {
  const { table, region, endpoint, config } = flags;
  const options = { environment, table, region, endpoint, config, sample };
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  const words = given.flatMap(([name, value]) => [`--${name}`, String(value)]);
  return shellLine(["npx", "bayon-data", "doctor", ...words]);
}

function ownEntitiesIn(file: ConfigFile | undefined): OwnEntities | undefined {
  const entities = file?.exported.entities;
  if (file === undefined || !isObject(entities)) return undefined;
  const path = relative(process.cwd(), file.path).replaceAll("\\", "/");
  return { module: path.startsWith(".") ? path : `./${path}`, stores: Object.keys(entities) };
}

function withAdvice(error: unknown, port: number): unknown {
  if ((error as { readonly code?: unknown } | null)?.code !== "EADDRINUSE") return error;
  return new UsageError(
    `port ${port} on 127.0.0.1 is already in use: take another one with --port, or a free one with --port 0`,
    error,
  );
}

function greet(
  place: string,
  url: string,
  { writable, isProduction }: { readonly writable: boolean; readonly isProduction: boolean },
  { terminal: { line, paint } }: CommandContext,
): void {
  const table = isProduction ? paint("red", `${place} (production)`) : place;
  line(`exploring ${table}, ${writable ? paint("yellow", "with --write") : "read only"}`);
  line(`  ${paint("bold", url)}`);
  line("Ctrl-C ends it");
}
