/** What every command shares: which table it works on, and how it ends. */
import { type Command, InvalidArgumentError, Option } from "commander";
import { engineCommand, flagsOf, placeOf as placeOfTable } from "../../src/client/advice.js";
import type { RequestHandler } from "../../src/client/client.js";
import { localEndpoint } from "../../src/client/config.js";
import {
  createDataLayer,
  type DataLayer,
  type Environment,
  type RequestListener,
} from "../../src/index.js";
import { knowEntities } from "../raw/known-entities.js";
import type { Terminal } from "../run/terminal.js";
import { type Place, placeFor } from "./place.js";

/** Exit codes. Any other failure is 1 too; for signals see Ending. */
export const exitCode = { ok: 0, findings: 1, usage: 2, interrupted: 130 } as const;

type ExitCode = (typeof exitCode)[keyof typeof exitCode];

/** The command cannot do what it was asked to: exit code 2. */
export class UsageError extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = "UsageError";
  }
}

/** How a command's requests are sent. Tests have shorter limits than people want. */
export interface Sending {
  /** Creates one for each client, which closes it. */
  readonly requestHandler: () => RequestHandler;
  /** Delay before the first retry, in ms. */
  readonly initialDelayMs: number;
  /** Whether requests to a URL go through a proxy. @default they do not */
  readonly isProxied?: (url: URL) => boolean;
}

/** What a command works with. */
export interface CommandContext {
  readonly terminal: Terminal;
  /** Aborted by Ctrl-C, by SIGTERM, or if stdout takes no more output. */
  readonly signal: AbortSignal;
  /** How requests are sent. @default as the layer does by itself */
  readonly sending?: Sending | undefined;
  /** The folder of the explorer's built page. */
  readonly explorerPage?: URL | undefined;
  /** Called with how the command ended. */
  finish(code: ExitCode): void;
}

/** Titles in the help, above the options that most commands have. */
export const groups = { table: "Which table:", other: "Other options:" } as const;

/** The options that every command has. */
export interface ConnectionFlags {
  readonly table?: string;
  readonly region?: string;
  readonly endpoint?: string;
  readonly environment?: Environment;
  readonly verbose?: boolean;
  /** The configuration file; without it, the one of the package. */
  readonly config?: string;
}

/** What `--table` is, in every command that has it. */
export const tableOption = ["--table <name>", "the table's name (DYNAMODB_TABLE_NAME)"] as const;

/** What `--verbose` is, in every command that has it. */
const verboseOption = ["--verbose", "show stack traces of errors"] as const;

/** Adds `--verbose`, which every command has, below its own options. */
export function addVerboseOption(command: Command): Command {
  return command
    .optionsGroup(groups.other)
    .option(...verboseOption)
    .optionsGroup("Options:");
}

/** Adds the options of ConnectionFlags; each wins over its environment variable. */
export function addConnectionFlags(command: Command): Command {
  command
    .optionsGroup(groups.table)
    .addOption(environmentOption())
    .option(...tableOption)
    .option("--region <region>", "the AWS region (AWS_REGION)")
    .option("--endpoint <url>", "the endpoint (AWS_ENDPOINT_URL_DYNAMODB)");
  return addVerboseOption(command);
}

export function environmentOption(): Option {
  return new Option(
    "--environment <name>",
    "the defaults of the options below (COAGENT_ENV, else development)",
  ).choices(["local", "development", "production"]);
}

/** Adds `--config`, for commands that know the application's own entities. */
export function addConfigOption(command: Command): Command {
  return command.option(
    "--config <file>",
    "a module that exports the entities of your own (bayon-data.config.*)",
  );
}

/** A data layer that counts its requests. */
export interface Connection {
  readonly data: DataLayer;
  /** Where its table is, for a table that is opened beside it. */
  readonly connection: Place["options"];
  /** Requests that were answered or failed so far. */
  requests(): number;
  /** Listens to each request from now on. */
  onRequest(listener: RequestListener): void;
}

/** How often a request is retried by a command that must not fail because its table is throttled. */
export const patientRetries = 20;

/**
 * Runs a command's work on the table that its flags and the environment name, and closes it after.
 * @param context `maxRetries` is how often a request is retried, as the layer does by itself if it is left out
 */
export async function withConnection<T>(
  flags: ConnectionFlags,
  { sending, maxRetries }: Pick<CommandContext, "sending"> & { readonly maxRetries?: number },
  run: (connection: Connection) => Promise<T>,
): Promise<T> {
  let requests = 0;
  let listener: RequestListener = () => undefined;
  const { options: place } = await placeFor(flags);
  // What a command calls of the twelve, it calls only if the data layer has them.
  const data = createDataLayer({
    ...(await knowEntities(flags.config)),
    ...place,
    // A command has few requests in flight, and nobody waits for it: it takes its time.
    retry: {
      budget: false,
      maxRetries,
      ...(sending !== undefined && { initialDelayMs: sending.initialDelayMs }),
    },
    requestHandler: sending?.requestHandler(),
    events: (event) => {
      requests += 1;
      listener(event);
    },
  }) as DataLayer;
  try {
    const onRequest = (own: RequestListener) => {
      listener = own;
    };
    return await run({ data, connection: place, requests: () => requests, onRequest });
  } catch (error) {
    throw withHint(error, data);
  } finally {
    await data.close();
  }
}

/** Where the table is, for people: `BayonCoAgent-local at http://localhost:4566`. */
export function placeOf({ configuration }: DataLayer): string {
  return placeOfTable(configuration);
}

/** Keeps a production table from being changed by accident. @throws UsageError */
export function refuseProduction(data: DataLayer, what: string, allowed: boolean): void {
  if (data.configuration.environment !== "production" || allowed) return;
  throw new UsageError(
    `${what} in production (${placeOf(data)}): add --allow-production if you mean it`,
  );
}

/**
 * Adds `--concurrency`, the one name for how much is done at once, and refuses the names it used to have.
 */
export function addConcurrencyOption(
  command: Command,
  what: string,
  most: number,
  { oldName }: { readonly oldName?: string } = {},
): Command {
  command.addOption(
    new Option("--concurrency <number>", what).argParser(wholeNumber(1, most)).default(8),
  );
  if (oldName === undefined) return command;
  return command.addOption(
    new Option(`${oldName} <number>`)
      .argParser(() => {
        throw new InvalidArgumentError("(Did you mean --concurrency?)");
      })
      .hideHelp(),
  );
}

/** Parses an option that is a whole number. */
export function wholeNumber(from: number, to: number): (text: string) => number {
  return (text) => {
    const number = /^\d+$/.test(text) ? Number(text) : Number.NaN;
    if (number >= from && number <= to) return number;
    throw new InvalidArgumentError(`It must be a whole number from ${from} to ${to}.`);
  };
}

/** An error with advice. */
class HintedError extends Error {
  constructor(error: unknown, message: string) {
    super(message, { cause: error });
    this.name = "HintedError";
  }
}

const unreachable: ReadonlySet<string> = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "ENOTFOUND",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "TimeoutError",
]);

/** Whether the endpoint of the table is unreachable: then nothing else will work either. */
export function isUnreachable(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { code } = error as { code?: unknown };
  return (typeof code === "string" && unreachable.has(code)) || isUnreachable(error.cause);
}

function withHint(error: unknown, data: DataLayer): unknown {
  const code = error instanceof Error ? (error as { code?: unknown }).code : undefined;
  if (code === "ResourceNotFoundException") {
    const message = `no such table: ${placeOf(data)}\nCreate it with: npx bayon-data table create${flagsOf(data.configuration)}`;
    return new HintedError(error, message);
  }
  if (typeof code === "string" && unreachable.has(code)) {
    const { environment, endpoint = localEndpoint } = data.configuration;
    const advice =
      environment === "local"
        ? `\nStart the embedded engine with: ${engineCommand(endpoint)}`
        : "\nFor the local table set USE_LOCAL_AWS=true or add --environment local";
    return new HintedError(error, `no answer (${code}) from ${placeOf(data)}${advice}`);
  }
  return error;
}
