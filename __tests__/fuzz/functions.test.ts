/**
 * Every function and class that the package exports, with junk, and the command line with arguments of
 * any kind: each does what its documentation says, and nothing else.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import fc from "fast-check";
import * as door from "../../src/index.js";
import * as streams from "../../src/streams/index.js";
import * as testing from "../../src/testing/index.js";
import { anyText } from "../any-text.js";
import { tries } from "../properties/arbitraries.js";
import { bayonData } from "../scripts/run.js";
import { closedShape, isClosed } from "./entry-points.js";
import { faultsOf, isOurs, type Outcome, outcomeOf, watchPrototypes } from "./judge.js";
import {
  anything,
  callback,
  isOfCaller,
  junk,
  listOf,
  made,
  numberOf,
  type Recipe,
  returning,
  shape,
  textOf,
} from "./junk.js";

type Loose = (...given: unknown[]) => unknown;

const exported = { ...door, ...testing, ...streams } as unknown as Record<string, Loose>;

/** What a call may do with junk: give this, or fail with an error of the package's where it may. */
interface Promised {
  readonly given: readonly fc.Arbitrary<Recipe>[];
  /** Runs the call; the export itself where it is left out. */
  call?(...given: unknown[]): unknown;
  /** Whether what it gave is what the documentation says. */
  gives(value: unknown): boolean;
  readonly throws?: "at once" | "as a rejection";
  /** Whether it throws what a function of the caller's throws. */
  readonly rethrows?: boolean;
}

const isKey = (value: unknown) => {
  const { PK, SK } = value as Record<string, unknown>;
  return typeof PK === "string" && PK !== "" && typeof SK === "string" && SK !== "";
};
const isTextOrNull = (value: unknown) => value === null || typeof value === "string";

const twoIds = [textOf("u1"), textOf("i1", "a#b", "")];
const keys: Promised = { given: twoIds, gives: isKey, throws: "at once" };

const retry = closedShape(
  {},
  {
    maxRetries: numberOf(0, 1, 2),
    initialDelayMs: numberOf(0),
    maxDelayMs: numberOf(0, 1),
    backoffMultiplier: numberOf(0, 1),
    jitter: anything,
    signal: anything,
    onRetry: anything,
  },
);

const connection = closedShape(
  {},
  {
    environment: textOf("local", "production", "x"),
    tableName: textOf("Table", "a b", "../x"),
    region: textOf("us-east-1", "x"),
    endpoint: textOf(
      "http://localhost:1",
      "http://example.com",
      "file:///etc/passwd",
      "javascript:1",
    ),
    credentials: shape({ accessKeyId: textOf("a") }, { secretAccessKey: textOf("b") }),
    client: anything,
    requestHandler: anything,
    coalesce: anything,
    hedgedReads: shape(
      {},
      {
        percentile: numberOf(50, 95, 100),
        minDelayMs: numberOf(0, 1),
        maxExtraLoad: numberOf(0, 0.05, 1),
      },
    ),
    logger: anything,
    events: anything,
    stats: anything,
    clock: anything,
    encryption: shape(
      {},
      {
        keys: shape({ a: textOf("A".repeat(43), "short") }),
        current: textOf("a", "b"),
        clearText: textOf("read", "x"),
        currentKey: anything,
        keyOf: anything,
      },
    ),
    cursorSecret: textOf("x".repeat(32), "short"),
    retry,
  },
);

/** An error by its class, from a message and what was thrown; shown in every way it can be. */
const error = (make: (message: string, cause: unknown) => unknown): Promised => ({
  given: [anything],
  call: (cause) => make("a message", cause),
  gives: (value) => isOurs(value) && faultsOf(value).length === 0,
});

const errors: Record<string, Promised> = Object.fromEntries(
  [
    "ConditionalCheckFailedError",
    "ConfigurationError",
    "ThroughputExceededError",
    "TimeoutError",
    "AbortedError",
    "TransactionCanceledError",
    "ValidationError",
  ].map((name) => [
    name,
    error((message, cause) => Reflect.construct(exported[name] as Loose, [message, cause])),
  ]),
);

errors.DecryptionError = error((message, cause) =>
  Reflect.construct(exported.DecryptionError as Loose, [message, "field", "key", cause]),
);

const promises: Readonly<Record<string, Promised>> = {
  getUserProfileKeys: { ...keys, given: [textOf("u1")] },
  getAgentProfileKeys: keys,
  getReviewKeys: keys,
  getBrandAuditKeys: keys,
  getCompetitorKeys: keys,
  getResearchReportKeys: keys,
  getProjectKeys: keys,
  getSavedContentKeys: keys,
  getTrainingProgressKeys: keys,
  getMarketingPlanKeys: keys,
  getReviewAnalysisKeys: keys,
  getOAuthTokenKeys: keys,
  getUserItemPrefix: {
    given: [textOf("u1"), textOf("CONTENT#", "")],
    gives: () => true,
    throws: "at once",
  },
  extractUserIdFromPK: { given: [textOf("USER#u1", "USER#", "x")], gives: isTextOrNull },
  extractEntityIdFromSK: { given: [textOf("PROJECT#i1", "#", "x")], gives: isTextOrNull },
  ...errors,
  DynamoDBError: error((message, cause) => new door.DynamoDBError(message, "x", 1, false, cause)),
  ItemNotFoundError: error(
    (message, cause) => new door.ItemNotFoundError("PK", "SK", message, cause),
  ),
  UnprocessedItemsError: error(
    (message, cause) => new door.UnprocessedItemsError(message, [], 0, cause),
  ),
  isDynamoDBError: { given: [anything], gives: (value) => typeof value === "boolean" },
  isExactNumber: { given: [anything], gives: (value) => typeof value === "boolean" },
  isRetryableError: { given: [anything], gives: (value) => typeof value === "boolean" },
  ExactNumber: {
    given: [textOf("12345678901234567890.5", "-0.1", "1e40", "1e200", "x")],
    call: (value) => door.ExactNumber.from(value as never),
    gives: (value) => door.isExactNumber(value) && /^-?[\d.e+-]+$/.test(value.text),
    throws: "at once",
  },
  wrapDynamoDBError: {
    given: [anything],
    gives: (value) => isOurs(value) && typeof value.message === "string" && inspect(value) !== "",
  },
  withRetry: {
    given: [returning(anything), retry],
    gives: () => true,
    throws: "as a rejection",
    rethrows: true,
  },
  withBatchRetry: {
    given: [
      returning(anything),
      returning(listOf(anything)),
      listOf(anything),
      retry,
      fc.oneof(fc.constant({ is: "undefined" }), returning(anything)),
    ],
    gives: () => true,
    throws: "as a rejection",
    rethrows: true,
  },
  createDataLayer: {
    given: [connection],
    call: async (options) => {
      const data = door.createDataLayer(options as never);
      await data.close();
      return data;
    },
    gives: (value) => typeof value === "object",
    throws: "as a rejection",
  },
  DynamoDBRepository: {
    given: [retry],
    call: (options) => new door.DynamoDBRepository(options as never),
    gives: (value) => value instanceof door.DynamoDBRepository,
    throws: "at once",
  },
  createTableInput: {
    given: [textOf("Table"), listOf(textOf("GSI1", "GSI2", "GSI21"))],
    gives: (value) => typeof value === "object",
    throws: "at once",
  },
  iamPolicy: {
    given: [
      closedShape(
        { tableArn: textOf("arn:aws:dynamodb:us-east-1:123456789012:table/T") },
        { access: textOf("user", "scripts"), userId: textOf("u1", "é", "${x}"), variable: junk },
      ),
    ],
    gives: (value) => !JSON.stringify(value).includes('"*"'),
    throws: "at once",
  },
};

const engineNames = textOf("x", "ftp://y", "http://127.0.0.1:9");

/** A data layer of which nothing is sent. */
const layer = door.createDataLayer({ environment: "local" });

/** What the package's users give to their tests. */
const ofTests: Readonly<Record<string, Promised>> = {
  startEngine: {
    given: [
      closedShape({ engine: engineNames }, { port: numberOf(0, -1, 70_000), path: textOf("") }),
    ],
    call: async (options) => (await testing.startEngine(options as never)).close(),
    gives: (value) => value === undefined,
    throws: "as a rejection",
  },
  shareEngine: {
    given: [
      closedShape({ engine: engineNames }, { port: numberOf(0, -1, 70_000), path: textOf("") }),
    ],
    call: async (options) => (await testing.shareEngine(options as never)).close(),
    gives: (value) => value === undefined,
    throws: "as a rejection",
  },
  startFaultProxy: {
    given: [closedShape({ target: engineNames }, {})],
    call: async (options) => (await testing.startFaultProxy(options as never)).close(),
    gives: (value) => value === undefined,
    throws: "as a rejection",
  },
  createTestDataLayer: {
    given: [closedShape({ engine: anything }, { retry, tableName: textOf("a b") })],
    call: async (options) => (await testing.createTestDataLayer(options as never)).close(),
    gives: (value) => value === undefined,
    throws: "as a rejection",
  },
  changeRecords: {
    given: [
      closedShape(
        {
          ...{ entity: textOf("project"), kind: textOf("created") },
          after: shape({
            ...{ userId: textOf("u1"), projectId: textOf("p1") },
            data: shape({ name: textOf("Spring") }, { map: anything }),
          }),
        },
        { at: numberOf(5), id: textOf("id"), key: shape({ projectId: textOf("p1") }) },
      ),
    ],
    call: (change) => testing.changeRecords(layer, change as never),
    gives: (value) => (value as testing.LambdaEvent).Records.length >= 0,
    throws: "as a rejection",
  },
  make: {
    given: [shape({ data: anything }, { projectId: textOf("p1") })],
    call: (overrides) => testing.make.project(overrides as never),
    gives: (value) => typeof (value as { data: unknown }).data === "object",
    throws: "at once",
    rethrows: true,
  },
};

const keysOfRecord = shape({
  PK: shape({ S: textOf("USER#u1") }),
  SK: shape({ S: textOf("PROJECT#p1") }),
});
const record = shape(
  {
    eventName: textOf("INSERT", "MODIFY", "REMOVE"),
    dynamodb: shape(
      { Keys: keysOfRecord, NewImage: keysOfRecord },
      { OldImage: keysOfRecord, StreamViewType: textOf("NEW_AND_OLD_IMAGES", "KEYS_ONLY") },
    ),
  },
  { eventID: textOf("1"), userIdentity: anything },
);
const item = shape({ data: shape({ name: textOf("a", "b") }, { map: anything }) });

/** What a caller gives to the door of streams. Nothing of it is sent: no record is, and no iteration begins. */
const ofStreams: Readonly<Record<string, Promised>> = {
  changeOf: {
    given: [record],
    call: (given) => streams.changeOf(layer, given as never),
    gives: (value) => value === null || typeof (value as { kind: unknown }).kind === "string",
    throws: "as a rejection",
  },
  changedPaths: {
    given: [shape({ before: item, after: item })],
    gives: (value) => Array.isArray(value),
    throws: "at once",
  },
  createStreamHandler: {
    given: [
      shape({}, { project: shape({}, { created: callback }), any: callback }),
      shape({}, { parallel: numberOf(1, 0, 5), onUnowned: callback, onFailure: callback }),
    ],
    call: (handlers, options) =>
      streams.createStreamHandler(layer, handlers as never, options as never),
    gives: (value) => typeof value === "function",
    throws: "at once",
  },
  watch: {
    given: [
      closedShape(
        {},
        {
          from: textOf("now", "start", "x", '{"version":1}'),
          ...{ signal: anything, checkpoints: anything, onStart: callback, onLost: callback },
          parallel: numberOf(1, 0, 1_001),
          idleMs: numberOf(250, 1),
          patienceMs: numberOf(0, -1),
        },
      ),
    ],
    // The iteration itself is not given, or it would begin.
    call: (options) => typeof streams.watch(layer, options as never)[Symbol.asyncIterator],
    gives: (value) => value === "function",
    throws: "at once",
  },
  fileCheckpoint: {
    given: [textOf("watch.json", "")],
    gives: (value) => typeof (value as { load: unknown }).load === "function",
    throws: "at once",
  },
};

/** Exports that take nothing of a caller's, or that other tests are about. */
const leftOut: Readonly<Record<string, string>> = {
  EntityStore: "made by the data layer: calls.test.ts",
  getDocumentClient: "takes nothing",
  getDynamoDBClient: "takes nothing",
  getTableName: "takes nothing",
  resetClients: "takes nothing",
  getRepository: "takes nothing",
  resetRepository: "takes nothing",
  faults: "testing/faults.test.ts",
  FaultyRequestHandler: "testing/faults.test.ts",
  Entity:
    "a part of a declaration, which createDataLayer checks: declarations/own-entities.test.ts",
  byCreatedAt:
    "a part of a declaration, which createDataLayer checks: declarations/own-entities.test.ts",
  byKey: "a part of a declaration, which createDataLayer checks: declarations/own-entities.test.ts",
  configure:
    "a part of a declaration, which createDataLayer checks: declarations/own-entities.test.ts",
  data: "a part of a declaration, which createDataLayer checks: declarations/own-entities.test.ts",
  fields:
    "a part of a declaration, which createDataLayer checks: declarations/own-entities.test.ts",
  index: "a part of a declaration, which createDataLayer checks: declarations/own-entities.test.ts",
  expires: "a part of a declaration, which createDataLayer checks: declarations/expiry.test.ts",
  factories: "takes declarations, as createDataLayer does: testing/factories.test.ts",
  numberPart:
    "a part of a declaration, which createDataLayer checks: declarations/own-entities.test.ts",
  secret:
    "a part of a declaration, which createDataLayer checks: declarations/own-entities.test.ts",
  model: "a part of a declaration, which createDataLayer checks: declarations/own-entities.test.ts",
};

test("every export that can be called is tried, or left out for a reason", () => {
  const callable = Object.keys(exported).filter((name) => typeof exported[name] === "function");
  const known = Object.keys({ ...promises, ...ofTests, ...ofStreams, ...leftOut });
  // An object of functions.
  callable.push("make");
  expect(callable.sort()).toEqual(known.sort());
});

test.each(Object.entries({ ...promises, ...ofTests, ...ofStreams }))(
  "%s keeps its promise",
  async (name, promise) => {
    const { call = (...given: unknown[]) => exported[name]?.(...given) } = promise;
    const mostlyWell = promise.given.map((well) =>
      fc.oneof({ weight: 4, arbitrary: well }, { weight: 1, arbitrary: anything }),
    );
    let given = 0;
    const isPolluted = watchPrototypes();
    await fc.assert(
      fc.asyncProperty(fc.tuple(...mostlyWell), async (recipes) => {
        const values = recipes.map(made);
        const ended = outcomeOf(() => call(...values));
        const outcome = await (promise.rethrows ? bounded(ended) : ended);
        const wrong: string[] = [];
        if ("error" in outcome) {
          const { error: thrown, thrownAtOnce } = outcome;
          const isTheirs = promise.rethrows && (isOfCaller(thrown) || isRevoked(thrown));
          if (!isTheirs) wrong.push(...faultsOf(thrown));
          if (promise.throws !== (thrownAtOnce ? "at once" : "as a rejection")) {
            wrong.push(`threw ${thrownAtOnce ? "at once" : "as a rejection"}`);
          }
        } else {
          given += 1;
          if (!promise.gives(outcome.value)) wrong.push("gave something else");
        }
        if (isPolluted()) wrong.push("changed a prototype");
        expect(wrong).toEqual([]);
      }),
      tries(name in ofTests ? 20 : 40),
    );
    expect(given).toBeGreaterThan(name in ofTests ? 0 : 3);
  },
);

test("every function that takes settings refuses one that it does not know (it was ignored)", async () => {
  const faults: string[] = [];
  const tried: string[] = [];
  for (const [name, { call, given }] of Object.entries({ ...promises, ...ofTests, ...ofStreams })) {
    const at = given.findIndex(isClosed);
    if (at === -1) continue;
    tried.push(name);
    for (const recipes of fc.sample(fc.tuple(...given), { seed: 1, numRuns: 10 })) {
      const values = recipes.map((recipe, index) => {
        if (index !== at || !("fields" in recipe)) return made(recipe);
        return made({ ...recipe, fields: [...recipe.fields, ["nonsense", { number: 1 }]] });
      });
      const outcome = await outcomeOf(() =>
        call === undefined ? exported[name]?.(...values) : call(...values),
      );
      const message = "error" in outcome ? (outcome.error as Error).message : "was taken";
      if (!message.includes('"nonsense" is not an option')) faults.push(`${name}: ${message}`);
    }
  }
  expect(faults).toEqual([]);
  expect(tried.sort()).toEqual([
    "DynamoDBRepository",
    "changeRecords",
    "createDataLayer",
    "createTestDataLayer",
    "iamPolicy",
    "shareEngine",
    "startEngine",
    "startFaultProxy",
    "watch",
    "withBatchRetry",
    "withRetry",
  ]);
});

/** A call whose function never ends is waited for: that is the caller's own doing. */
async function bounded(outcome: Promise<Outcome>): Promise<Outcome> {
  let timer: NodeJS.Timeout | undefined;
  const waited = new Promise<Outcome>((resolve) => {
    timer = setTimeout(() => resolve({ value: undefined }), 100);
  });
  try {
    return await Promise.race([outcome, waited]);
  } finally {
    clearTimeout(timer);
  }
}

/** Whether it is what a function of theirs threw that is no function any more. */
function isRevoked(thrown: unknown): boolean {
  return isOfKind(thrown, TypeError) && /revoked/.test((thrown as Error).message);
}

function isOfKind(thrown: unknown, kind: new () => Error): boolean {
  try {
    return thrown instanceof kind;
  } catch {
    return false;
  }
}

describe("the command line", () => {
  const folder = mkdtempSync(join(tmpdir(), "fuzz-"));
  const before = process.cwd();
  const variables = ["COAGENT_ENV", "AWS_ENDPOINT_URL_DYNAMODB", "DYNAMODB_TABLE_NAME"] as const;
  const saved = variables.map((name) => process.env[name]);
  let engine: testing.Engine;
  beforeAll(async () => {
    engine = await testing.startEngine();
    process.env.COAGENT_ENV = "local";
    process.env.AWS_ENDPOINT_URL_DYNAMODB = engine.endpoint;
    process.env.DYNAMODB_TABLE_NAME = "Fuzz";
    // What a command writes lands here.
    process.chdir(folder);
  });
  afterAll(async () => {
    process.chdir(before);
    rmSync(folder, { recursive: true, force: true });
    variables.forEach((name, index) => {
      if (saved[index] === undefined) delete process.env[name];
      else process.env[name] = saved[index];
    });
    await engine.close();
  });

  interface Known {
    /** The words that begin a line, such as `table create`. */
    readonly commands: string[][];
    readonly flags: string[];
  }

  /** All commands with their subcommands, and all flags, as `--help` tells them. */
  async function known(path: readonly string[] = []): Promise<Known> {
    const { code, out } = await bayonData([...path, "--help"]);
    expect(code).toBe(0);
    // Another line of a help text may look like a command's: help then is of the one above it.
    const isCommand = out.split("\n")[0]?.startsWith(`Usage: ${["bayon-data", ...path].join(" ")}`);
    if (!isCommand) return { commands: [], flags: [] };
    const flags = new Set(out.match(/(?<![\w-])--?[a-zA-Z][a-z-]*/g));
    const commands = path.length === 0 ? [["help"]] : [[...path]];
    for (const [, name = ""] of out.matchAll(/^ {2}([a-z][a-z-]*) .* {2,}\S/gm)) {
      // `db` serves until somebody ends it, and the help of help is that of all.
      if (name === "db" || name === "help") continue;
      const below = await known([...path, name]);
      commands.push(...below.commands);
      for (const flag of below.flags) flags.add(flag);
    }
    return { commands, flags: [...flags] };
  }

  function lineOf({ commands, flags }: Known): fc.Arbitrary<string[]> {
    const word = fc.oneof(
      { weight: 4, arbitrary: fc.constantFrom(...commands.flat()) },
      { weight: 4, arbitrary: fc.constantFrom("--", ...flags) },
      {
        weight: 2,
        arbitrary: fc.constantFrom("local", "production", "Fuzz", "0", "-1", "1e9", "NaN"),
      },
      {
        weight: 2,
        arbitrary: fc.constantFrom(
          "",
          "\u0000",
          "../..",
          "__proto__",
          "constructor",
          "--__proto__",
          "-x=y",
        ),
      },
      { weight: 1, arbitrary: anyText({ maxLength: 10 }) },
      { weight: 1, arbitrary: fc.constant("x".repeat(100_000)) },
    );
    const begun = fc.tuple(fc.constantFrom(...commands), fc.array(word, { maxLength: 3 }));
    return fc.oneof(
      fc.array(word, { maxLength: 6 }),
      begun.map((words) => words.flat()),
    );
  }

  test("ends each line of arguments with an exit code, and says why", async () => {
    const codes = new Set<number>();
    const all = await known();
    // The texts were read as they are meant.
    expect(all.commands).toEqual(expect.arrayContaining([["table", "create"], ["rotate"]]));
    expect(all.flags).toEqual(expect.arrayContaining(["--help", "-h", "-V", "--on-conflict"]));
    const isPolluted = watchPrototypes();
    await fc.assert(
      fc.asyncProperty(lineOf(all), async (args) => {
        const { code, out, complaints } = await bayonData(args);
        codes.add(code);
        expect([0, 1, 2]).toContain(code);
        expect(out.length + complaints.length).toBeGreaterThan(0);
        // A stack is for those who ask for it.
        if (!args.includes("--verbose")) expect(complaints).not.toMatch(/\n {4}at /);
        expect(isPolluted()).toBe(false);
      }),
      tries(60),
    );
    expect([...codes].sort()).toEqual([0, 1, 2]);
  });
});
