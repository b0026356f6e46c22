/** What is too much for any condition is refused before it is read: the work does not grow with it. */
import { valueText } from "../../src/client/wire-format.js";
import { readWhere } from "../../src/conditions/conditions.js";
import { Placeholders } from "../../src/conditions/placeholders.js";
import { wantedOf } from "../../src/entity/projection.js";
import { ValidationError } from "../../src/errors/validation-error.js";
import { checkedExpression } from "../../src/repository/expression.js";
import { fixtures } from "../../src/testing/index.js";
import { checkValue } from "../../src/values/payload.js";
import { engines } from "../engines.js";
import { failureOf, openTable, requestsOf } from "../open.js";

type Loose = (...given: unknown[]) => string;

describe.each(engines.slice(0, 1))("on $name", (engine) => {
  const table = openTable(engine);
  beforeEach(() => table.data.wire.clear());
  const refusal = async (where: unknown) => {
    const query = table.data.project.query({ userId: "u1" }, { where: where as never });
    const error = await failureOf(query, ValidationError);
    expect(requestsOf(table.data)).toEqual([]);
    return error.message;
  };

  test("a callback is stopped at the condition that is one too many", async () => {
    let built = 0;
    const where = (data: { name: object }, { eq }: { eq: Loose }) =>
      Array.from({ length: 20_000 }, () => {
        const text = eq(data.name, "n");
        built += 1;
        return text;
      }).join(" OR ");
    expect(await refusal(where)).toContain("more than 300 operators");
    expect(built).toBe(300);
  });

  test("one that swallows the refusal is refused all the same", async () => {
    const where = (data: { name: object }, { eq }: { eq: Loose }) => {
      const texts: string[] = [];
      for (let index = 0; index < 400; index += 1) {
        try {
          texts.push(eq(data.name, "n"));
        } catch {}
      }
      return texts.join(" OR ");
    };
    expect(await refusal(where)).toContain("more than 300 operators");
  });

  test("no value of an object with too many fields is read", async () => {
    const where = Object.fromEntries(
      Array.from({ length: 301 }, (_, index) => [`f${index}`, index === 0 ? () => 1 : 1]),
    );
    // The first of them is no value at all, which would be told if it were read.
    expect(await refusal(where)).toContain("more than 300 operators");
  });

  test.each(["(", "NOT ", "{0} "])("a megabyte of %j is not taken apart", async (part) => {
    const text = part.repeat(1_000_000 / part.length);
    expect(await refusal(() => text)).toContain("a string of at most 65536 characters");
  });

  test("a value counts each time it stands in a condition, and 2 MB is all that may", async () => {
    const text = "x".repeat(300_000);
    let built = 0;
    const where = (data: { name: object }, { eq }: { eq: Loose }) =>
      Array.from({ length: 150 }, () => {
        built += 1;
        return eq(data.name, text);
      }).join(" OR ");
    expect(await refusal(where)).toContain("where has more than 2097152 bytes");
    expect(built).toBe(7);
  });

  const key = { userId: "u1", projectId: "p1" };
  const issuesOf = async (changes: object, options: object = {}) => {
    const update = table.data.project.update(key, changes, options);
    const { issues } = await failureOf(update, ValidationError);
    expect(requestsOf(table.data)).toEqual([]);
    return issues;
  };

  test("changes whose names alone are too much are refused before a value is looked at", async () => {
    const names = Array.from({ length: 60 }, (_, index) => `${index}`.padEnd(10_000, "n"));
    const changes = Object.fromEntries(names.map((name) => [name, () => 1]));
    const message = "take more than 512000 bytes: an item has at most 409600";
    expect(await issuesOf(changes)).toEqual([{ path: "changes", message }]);
  });

  test("the names of changed fields count", async () => {
    const changes = { ["n".repeat(409_600)]: true };
    const message = "take 409602 bytes: an item has at most 409600";
    expect(await issuesOf(changes)).toEqual([{ path: "changes", message }]);
  });

  test("of changes that are wrong everywhere 20 are told, and no more are looked at", async () => {
    let reads = 0;
    const wrong = {
      get note() {
        reads += 1;
        return () => 1;
      },
    };
    const changes = Object.fromEntries(Array.from({ length: 500 }, (_, at) => [`f${at}`, wrong]));
    expect(await issuesOf(changes)).toHaveLength(20);
    expect(reads).toBe(20);
  });

  test("an expression that is too long is blamed on what made it so", async () => {
    const paths = Array.from({ length: 500 }, (_, at) => ["a", `deep${at}`]);
    const [issue] = await issuesOf({ name: "n" }, { remove: paths });
    expect(issue).toMatchObject({
      path: "remove",
      message: expect.stringContaining("more than 4096 bytes"),
    });
    const [other] = await issuesOf({}, { set: paths.map((path) => [path, 1]) });
    expect(other).toMatchObject({
      path: "set",
      message: expect.stringContaining("more than 4096 bytes"),
    });
  });

  test("a long list that is wrong is told as a short one is, by its first findings", () => {
    const results = (length: number) =>
      Array.from({ length }, (_, at) =>
        at % 7 === 3 ? { platform: at } : fixtures.brandAudit.data.results[0],
      );
    const check = (length: number) =>
      table.data.brandAudit.check({
        userId: "u1",
        auditId: "a",
        data: { results: results(length) },
      });
    const short = check(20);
    expect(short.length).toBeGreaterThan(5);
    const long = check(1_000);
    expect(long).toHaveLength(20);
    // Other findings of the payload, that of `lastRun`, follow those of the list.
    const inList = short.filter(({ path }) => path.startsWith("data.results"));
    expect(long.slice(0, inList.length)).toEqual(inList);
  });

  test.each(["key", "options"])("bytes in the place of the %s have no names", async (place) => {
    const bytes = new Uint8Array(1_000_000);
    const key = { userId: "u1", projectId: "p1" };
    const { project } = table.data;
    const call = place === "key" ? project.get(bytes as never) : project.get(key, bytes as never);
    const { issues } = await failureOf(call, ValidationError);
    const expected = place === "key" ? ["userId", "projectId"] : ["options"];
    expect(issues.map(({ path }) => path)).toEqual(expected);
  });
});

test("a condition that is used again sends its value once, and is counted once", () => {
  const where = (data: { name: object }, { eq }: { eq: Loose }) =>
    Array.from({ length: 50 })
      .fill(eq(data.name, "x".repeat(400_000)))
      .join(" OR ");
  const own = new Placeholders();
  const { text } = readWhere(where, {})?.(own) ?? { text: "" };
  expect(text.split(" OR ")).toHaveLength(50);
  expect(Object.values(own.values)).toEqual(["x".repeat(400_000)]);
});

test("names count as values do: 2 MB is all that a condition, fields or an expression may name", async () => {
  const names = Array.from({ length: 3 }, (_, at) => `${at}${"n".repeat(900_000)}`);
  const where = (_: unknown, { eq, path }: { eq: Loose; path: Loose }) =>
    names.map((name) => eq(path(name), 1)).join(" OR ");
  expect(() => readWhere(where, {})).toThrow(/where has more than 2097152/);
  const plain = { versions: undefined, expires: undefined, secrets: [] };
  expect(() => wantedOf(plain, names, new Placeholders(), {})).toThrow(
    /fields are names of more than/,
  );
  const expressionAttributeNames = Object.fromEntries(names.map((name, at) => [`#n${at}`, name]));
  expect(() => checkedExpression({}, "#n0 = #n1", "filter", { expressionAttributeNames })).toThrow(
    /expressionAttributeNames take more than 2097152 bytes/,
  );
});

test("of a set behind the limit nothing is said but the limit", () => {
  const { issues } = checkValue({ text: "x".repeat(600_000), set: new Set(["a"]) }, "data");
  expect(issues.map(({ path }) => path)).toEqual(["data"]);
});

test.each([
  [new Set(["a", '"', "€"]), '{"SS":["a","\\"","€"]}'],
  [new Set([1, -20, 2 ** 53 - 1]), '{"NS":["1","-20","9007199254740991"]}'],
  [new Set([1, 2n ** 60n]), '{"NS":["1152921504606846976","1"]}'],
])("a set is written as DynamoDB has it: %p", (set, text) => {
  expect(valueText(set)).toBe(text);
});
