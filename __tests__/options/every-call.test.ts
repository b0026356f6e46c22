/**
 * Every call of a data layer, of a user's scope and of a transaction, with one name too many in each
 * object that it takes. The calls and their arguments are those of the fuzz tests, which fail on a
 * call that they do not know.
 */
import fc from "fast-check";
import { ValidationError, type ValidationIssue } from "../../src/index.js";
import { engines } from "../engines.js";
import { callsOf, type EntryPoint, isClosed, operationsOf } from "../fuzz/entry-points.js";
import { outcomeOf } from "../fuzz/judge.js";
import { made, type Recipe } from "../fuzz/junk.js";
import { openTable } from "../open.js";

const [engine] = engines;
if (engine === undefined) throw new Error("there is no engine");

/**
 * A call takes no object at all, or one that is the caller's own affair. The parts of a scope are refused
 * if they are undefined, because without one the scope would be another.
 */
const withoutNames = new Set(["data.forUser", "data.scope", "data.user"]);

const name = "nonsense";

/** An object's recipe, or the one of a list's first object, with a member more. */
function withMember(recipe: Recipe, value: Recipe): Recipe {
  if ("fields" in recipe) return { ...recipe, fields: [...recipe.fields, [name, value]] };
  if (!("list" in recipe)) throw new Error("neither an object nor a list");
  const [first, ...rest] = recipe.list;
  return { ...recipe, list: [withMember(first as Recipe, value), ...rest] };
}

type Tx = Record<string, Record<string, (key: object) => unknown>>;

describe(`one name too many on ${engine.name}`, () => {
  const table = openTable(engine);

  /** The operations of a transaction are no recipe: a check or a read, in a scope or not. */
  function argumentsOf({ path }: EntryPoint, recipes: readonly Recipe[]): unknown[] {
    const values = recipes.map(made);
    const isWhole = /\.transaction\.(write|get)$/.exec(path);
    if (isWhole === null) return values;
    const key = { projectId: "i1", ...(path.startsWith("data.") && { userId: "u1" }) };
    const operation = isWhole[1] === "get" ? "get" : "put";
    const given = operation === "get" ? key : { ...key, data: { name: "n" } };
    return [(tx: Tx) => [tx.project?.[operation]?.(given)], ...values.slice(1)];
  }

  async function run(point: EntryPoint, recipes: readonly Recipe[]) {
    table.data.wire.clear();
    const outcome = await outcomeOf(() => point.call(...argumentsOf(point, recipes)));
    return { outcome, sent: table.data.wire.requests.length };
  }

  /** Whether the arguments are well: something was sent, or the call gave what it gives. */
  async function isWell(point: EntryPoint, recipes: readonly Recipe[]): Promise<boolean> {
    const { outcome, sent } = await run(point, recipes);
    const isFound = "value" in outcome && (!Array.isArray(outcome.value) || !outcome.value.length);
    return sent > 0 || isFound;
  }

  /** Arguments of a call that are well. */
  async function wellGiven(point: EntryPoint): Promise<readonly Recipe[] | undefined> {
    for (let seed = 1; seed <= 40; seed += 1) {
      for (const recipes of fc.sample(fc.tuple(...point.given), { seed, numRuns: 5 })) {
        const isFilled = recipes.every((recipe) => !("list" in recipe) || recipe.list.length > 0);
        if (isFilled && (await isWell(point, recipes))) return recipes;
      }
    }
    return undefined;
  }

  /** What is wrong with how a call takes names that it does not know. */
  async function faultsOf(point: EntryPoint): Promise<string[]> {
    const given = await wellGiven(point);
    if (given === undefined) return [`${point.path}: no arguments that are well`];
    const positions = given.flatMap((_, at) => (isClosed(point.given[at]) ? [at] : []));
    const faults: string[] = [];
    if (positions.length === 0 && !withoutNames.has(point.path)) {
      faults.push(`${point.path}: takes no object of known names`);
    }
    for (const at of positions) {
      const withNonsense = (value: Recipe) =>
        given.map((recipe, index) => (index === at ? withMember(recipe, value) : recipe));
      const { outcome, sent } = await run(point, withNonsense({ number: 1 }));
      // `check` gives what it finds of an item.
      const issues = "error" in outcome ? issuesOf(outcome.error) : outcome.value;
      const isNamed =
        Array.isArray(issues) &&
        issues.some(({ path }: ValidationIssue) => path === name || path.endsWith(`].${name}`));
      if (!isNamed) faults.push(`${point.path}: argument ${at} takes any name`);
      if (sent > 0) faults.push(`${point.path}: argument ${at}: ${sent} sent`);
      if (!(await isWell(point, withNonsense({ is: "undefined" })))) {
        faults.push(`${point.path}: argument ${at} refuses a name that is undefined`);
      }
    }
    return faults;
  }

  test.each([
    ["the data layer", () => callsOf(table.data, "data"), 150],
    ["a user's scope", () => callsOf(table.data.forUser("u1"), "scope"), 150],
    ["a transaction", () => operationsOf(table.data, "data"), 72],
    ["a scope's transaction", () => operationsOf(table.data.forUser("u1"), "scope"), 72],
  ])(
    "is refused by every call of %s before anything is sent (it was ignored)",
    async (_, points, least) => {
      const all = points();
      expect(all.length).toBeGreaterThanOrEqual(least);
      const faults: string[] = [];
      for (const point of all) faults.push(...(await faultsOf(point)));
      expect(faults).toEqual([]);
    },
    120_000,
  );
});

function issuesOf(error: unknown): unknown {
  return error instanceof ValidationError ? error.issues : undefined;
}
