/** `bayon-data validate`: every operation of the data layer, tried on a real table. */
import type { Command } from "commander";
import { ulid } from "ulid";
import { hasBuiltIn } from "../../../services/own-entities.js";
import {
  createDataLayer,
  type DataLayer,
  DynamoDBRepository,
  resetClients,
} from "../../../src/index.js";
import type { Key } from "../../move/any-store.js";
import { knownDefinitions } from "../../raw/known-entities.js";
import { count, duration, type Terminal } from "../../run/terminal.js";
import type { Check, CheckGroup, Scratch } from "../../validate/check.js";
import { errorChecks, retryChecks } from "../../validate/failure-checks.js";
import { repositoryChecks } from "../../validate/repository-checks.js";
import { spanningChecks } from "../../validate/spanning-checks.js";
import { storeDeletes, storeReads, storeWrites } from "../../validate/store-checks.js";
import { type Subject, subjectsOf } from "../../validate/subjects.js";
import {
  addConfigOption,
  addConnectionFlags,
  type CommandContext,
  type Connection,
  type ConnectionFlags,
  exitCode,
  isUnreachable,
  placeOf,
  refuseProduction,
  UsageError,
  withConnection,
} from "../connection.js";

interface ValidateFlags extends ConnectionFlags {
  readonly allowProduction?: boolean;
}

export function addValidateCommand(program: Command, context: CommandContext): void {
  addConfigOption(addConnectionFlags(program.command("validate")))
    .description("try every operation, error and retry on the table, in a partition of its own")
    .option("--allow-production", "write to a production table")
    .addHelpText(
      "after",
      `
Everything is written under the id validate-<unique>, and deleted at the end, also after a failure
and after Ctrl-C. With --config, the calls of the stores are tried with your own entities, too: items
are made up of their schemas. An entity that cannot be tried is named, with the reason.

Exit codes: 0 all checks passed, 1 a check failed, 2 wrong usage, 130 interrupted, 143 terminated.

Examples:
  $ bayon-data validate --environment local
  $ bayon-data validate --table BayonCoAgent-staging --region eu-west-1`,
    )
    .action((flags: ValidateFlags) => validate(flags, context));
}

/** Each group uses what the groups before it wrote. Without the twelve, there are their own stores alone. */
function groupsOf(builtIn: boolean): readonly CheckGroup[] {
  return builtIn
    ? [
        ...[storeWrites, storeReads, spanningChecks, storeDeletes],
        ...[repositoryChecks, errorChecks, retryChecks],
      ]
    : [storeWrites, storeReads, storeDeletes];
}

async function validate(flags: ValidateFlags, context: CommandContext): Promise<void> {
  const { terminal, signal } = context;
  const startedAt = performance.now();
  let passed = 0;
  let failed = 0;
  await withConnection(flags, context, async (connection) => {
    const { data } = connection;
    refuseProduction(data, "validate writes", flags.allowProduction === true);
    refuseProxy(data, context);
    const userId = `validate-${ulid()}`;
    const definitions = knownDefinitions();
    const { subjects, skipped } = subjectsOf(definitions, data, userId);
    const [first] = subjects;
    if (first === undefined) throw new UsageError("none of the entities can be tried");
    // Missing or unreachable: then this is the first finding, and the only one.
    await first.store.get(first.keyOf(first.absent), { signal });
    terminal.line(`Validating ${placeOf(data)}, everything under ${userId}`);
    for (const { facade, reason } of skipped) terminal.line(`Not tried: ${facade} (${reason})`);

    const check = async (one: Check, scratch: Scratch): Promise<void> => {
      const failure = await report(one, scratch, terminal);
      if (failure === undefined) passed += 1;
      else failed += 1;
      if (isUnreachable(failure)) throw failure;
    };
    await withProcessDefaults(data, async () => {
      const scratch = createScratch(connection, userId, subjects);
      try {
        for (const { name, checks } of groupsOf(hasBuiltIn(definitions))) {
          terminal.line();
          terminal.line(terminal.paint("bold", name));
          for (const one of checks) {
            signal.throwIfAborted();
            await check(one, scratch);
          }
        }
      } finally {
        terminal.line();
        await check(cleanUp, scratch);
      }
    });
    const outcome = failed === 0 ? "" : terminal.paint("red", `, ${failed} failed`);
    const spent = duration(performance.now() - startedAt);
    terminal.line();
    terminal.line(`${count(passed, "check")} passed${outcome}, in ${spent}`);
  });
  context.finish(failed === 0 ? exitCode.ok : exitCode.findings);
}

/** What is tried are the connections that an application makes, which know no such variable. */
function refuseProxy({ configuration }: DataLayer, { sending }: CommandContext): void {
  const { region, endpoint = `https://dynamodb.${region}.amazonaws.com` } = configuration;
  if (!sending?.isProxied?.(new URL(endpoint))) return;
  const how = "run it where the table is reached without one, or name its host in NO_PROXY";
  throw new UsageError(`validate does not go through HTTPS_PROXY or HTTP_PROXY: ${how}`);
}

/** Runs a check and prints its line. @returns the failure, if it failed */
async function report(
  { name, run }: Check,
  scratch: Scratch,
  { line, paint }: Terminal,
): Promise<Error | undefined> {
  const startedAt = performance.now();
  const spent = () => duration(performance.now() - startedAt).padStart(8);
  try {
    const note = await run(scratch);
    const detail = typeof note === "string" ? paint("dim", `  (${note})`) : "";
    line(`${paint("green", "ok")}   ${spent()}  ${name}${detail}`);
    return undefined;
  } catch (thrown) {
    const error = thrown instanceof Error ? thrown : new Error(String(thrown));
    const message = error.message.replaceAll(/\s+/g, " ");
    line(`${paint("red", "FAIL")} ${spent()}  ${name}: ${message}`);
    return error;
  }
}

function createScratch(
  { data, requests }: Connection,
  userId: string,
  subjects: readonly Subject[],
): Scratch {
  const repository = new DynamoDBRepository({ initialDelayMs: 20 });
  const { configuration } = data;
  const connect: Scratch["connect"] = (options) =>
    createDataLayer({ ...configuration, ...options });
  return { data, repository, subjects, userId, connect, requests };
}

const cleanUp: Check = {
  name: "cleaned up: nothing is left under the scratch id",
  run: async ({ subjects }) => {
    let deleted = 0;
    let found: number;
    do {
      found = 0;
      for (const subject of subjects) found += await deleteAll(subject);
      deleted += found;
      // A query may lag behind the writes: the last round is the one that finds nothing.
    } while (found > 0);
    return `${count(deleted, "item")} deleted`;
  },
};

async function deleteAll({ store, partitions, keyOf }: Subject): Promise<number> {
  let deleted = 0;
  for (const partition of partitions) {
    const keys: Key[] = [];
    for await (const item of store.list(partition)) keys.push(keyOf(item));
    deleted += (await store.batchDelete(keys)).written;
  }
  return deleted;
}

/**
 * The generic repository takes its client and table from the environment: for a while it names the
 * same table as the data layer does.
 */
async function withProcessDefaults(
  { configuration }: DataLayer,
  run: () => Promise<void>,
): Promise<void> {
  const { environment, tableName, region, endpoint } = configuration;
  const wanted = {
    COAGENT_ENV: environment,
    DYNAMODB_TABLE_NAME: tableName,
    AWS_REGION: region,
    AWS_ENDPOINT_URL_DYNAMODB: endpoint,
  };
  const before = Object.fromEntries(Object.keys(wanted).map((name) => [name, process.env[name]]));
  setVariables(wanted);
  resetClients();
  try {
    await run();
  } finally {
    setVariables(before);
    resetClients();
  }
}

function setVariables(variables: Readonly<Record<string, string | undefined>>): void {
  for (const [name, value] of Object.entries(variables)) {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  }
}
