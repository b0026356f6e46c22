/** What is too much for any condition is refused before it is read: the work does not grow with it. */
import { valueText } from "../../src/client/wire-format.js";
import { ValidationError } from "../../src/errors/validation-error.js";
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
    expect(await refusal(() => text)).toContain("a text of at most 65536 characters");
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

test.each([
  [new Set(["a", '"', "€"]), '{"SS":["a","\\"","€"]}'],
  [new Set([1, -20, 2 ** 53 - 1]), '{"NS":["1","-20","9007199254740991"]}'],
  [new Set([1, 2n ** 60n]), '{"NS":["1152921504606846976","1"]}'],
])("a set is written as DynamoDB has it: %p", (set, text) => {
  expect(valueText(set)).toBe(text);
});
