/**
 * Every call of a data layer, of a user's scope, of a transaction and of the repository, with junk.
 *
 * Whatever is given: a call ends, by a result or by an error of this package that tells no value; it
 * rejects where it is async; what it refuses by itself it has not sent; no prototype is changed; and
 * what it sends has the caller's names and values behind placeholders alone. (Jest itself fails a test
 * that leaves a rejection unhandled, or that does not end.)
 */
import fc from "fast-check";
import { DynamoDBRepository, resetClients, ValidationError } from "../../src/index.js";
import { engines } from "../engines.js";
import { openTable } from "../open.js";
import { tries } from "../properties/arbitraries.js";
import { callsOf, type EntryPoint, operationsOf, repositoryArguments } from "./entry-points.js";
import { faultsOf, injectionsOf, isOurs, outcomeOf, watchPrototypes } from "./judge.js";
import { anything, canary, isOfCaller, made, type Recipe } from "./junk.js";

const sumOf = (text: string) =>
  [...text].reduce((sum, letter) => sum * 31 + letter.charCodeAt(0), 0) % 1e6;

const [engine] = engines;
if (engine === undefined) throw new Error("there is no engine");

describe(`junk on ${engine.name}`, () => {
  const said: unknown[] = [];
  const table = openTable(engine, {
    retry: { maxRetries: 1, initialDelayMs: 0 },
    events: (event) => void said.push(event),
    logger: {
      debug: (...line) => void said.push(line),
      warn: (...line) => void said.push(line),
    },
  });

  /** Tries one call with many arguments. */
  async function tryCall(
    point: EntryPoint,
    runs: number,
  ): Promise<{ answered: number; sent: number }> {
    const { wire } = table.data;
    let answered = 0;
    let sent = 0;
    const given = fc.oneof(
      { weight: 5, arbitrary: fc.tuple(...point.given.map(mostlyWell)) },
      { weight: 1, arbitrary: fc.array(anything, { maxLength: 4 }) },
    );
    const isPolluted = watchPrototypes();
    await fc.assert(
      fc.asyncProperty(given as fc.Arbitrary<Recipe[]>, async (recipes) => {
        wire.clear();
        const values = recipes.map(made);
        const outcome = await outcomeOf(() => point.call(...values));
        const requests = [...wire.requests];
        sent += requests.length;
        const wrong = requests.flatMap(injectionsOf);
        if ("error" in outcome) {
          const { error, thrownAtOnce } = outcome;
          if (!(point.rethrows && isOfCaller(error))) wrong.push(...faultsOf(error));
          if (thrownAtOnce && !point.throwsAtOnce) wrong.push("threw at once");
          // What a refresh brought is refused after the token was read.
          const own =
            isOurs(error) &&
            error instanceof ValidationError &&
            error.cause === undefined &&
            !error.issues.some(({ path }) => path.startsWith("refresh()"));
          if (own && requests.length > 0)
            wrong.push(`sent before it was refused: ${error.message}`);
        } else answered += 1;
        if (isPolluted()) wrong.push("changed a prototype");
        expect(wrong).toEqual([]);
      }),
      // Each call from a seed of its own: few tries from one seed are alike for all of them.
      { ...tries(runs), seed: tries(runs).seed + sumOf(point.path) },
    );
    return { answered, sent };
  }

  /** An argument that is as it should be, or junk now and then. */
  function mostlyWell(well: fc.Arbitrary<Recipe>): fc.Arbitrary<Recipe> {
    return fc.oneof({ weight: 8, arbitrary: well }, { weight: 1, arbitrary: anything });
  }

  const each = async (points: readonly EntryPoint[], runs: number) => {
    let [answered, sent] = [0, 0];
    const failed: string[] = [];
    for (const point of points) {
      try {
        const done = await tryCall(point, runs);
        answered += done.answered;
        sent += done.sent;
      } catch (error) {
        // The property's own report: the arguments, the seed, and what was wrong.
        const { message, cause } = error as Error;
        failed.push(`${point.path}: ${message}\n${(cause as Error | undefined)?.message}`);
      }
    }
    expect(failed).toEqual([]);
    // Junk alone would be refused at the door, each time: of few tries, not many are well.
    expect(answered).toBeGreaterThan((points.length * runs) / 10);
    return sent;
  };

  test("the data layer", async () => {
    expect(await each(callsOf(table.data, "data"), 3)).toBeGreaterThan(80);
  });

  test("a user's scope", async () => {
    expect(await each(callsOf(table.data.forUser("u1"), "scope"), 3)).toBeGreaterThan(80);
  });

  test("the operations of a transaction", async () => {
    expect(await each(operationsOf(table.data, "data"), 3)).toBeGreaterThan(30);
    expect(await each(operationsOf(table.data.forUser("u1"), "scope"), 3)).toBeGreaterThan(30);
  });

  test("the generic repository", async () => {
    const { configuration, engine: running } = table.data;
    const variables = {
      COAGENT_ENV: "local",
      AWS_ENDPOINT_URL_DYNAMODB: running.endpoint,
      DYNAMODB_TABLE_NAME: configuration.tableName,
    };
    const before = { ...process.env };
    Object.assign(process.env, variables);
    resetClients();
    const repository = new DynamoDBRepository({ maxRetries: 0 }) as unknown as Record<
      string,
      EntryPoint["call"]
    >;
    const calls = Object.entries(repositoryArguments);
    expect(calls.every(([name]) => typeof repository[name] === "function")).toBe(true);
    await each(
      calls.map(([name, given]) => ({
        path: `repository.${name}`,
        call: (...given: unknown[]) => repository[name]?.(...given),
        given,
        throwsAtOnce: name === "scanAll",
      })),
      15,
    );
    resetClients();
    for (const name of Object.keys(variables)) {
      if (before[name] === undefined) delete process.env[name];
      else process.env[name] = before[name];
    }
  });

  test("events and log lines told no value", () => {
    expect(said.length).toBeGreaterThan(100);
    expect(JSON.stringify(said)).not.toContain(canary);
  });
});
