/** Names of options: what is unknown, what was meant, and what a message says of it. */
import {
  nearestName,
  optionNames,
  refuseUnknown,
  refuseUnknownSettings,
  settingsOf,
  unknownOptions,
} from "../../src/call/options.js";
import { ConfigurationError } from "../../src/errors/configuration-error.js";
import { ValidationError } from "../../src/errors/validation-error.js";

const names = optionNames<{ limit: number; where: object; ifUpdatedAt: number; timeoutMs: number }>(
  { limit: true, where: true, ifUpdatedAt: true, timeoutMs: true },
);

function thrownBy(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  throw new Error("nothing was thrown");
}

describe("the nearest name", () => {
  test.each([
    ["limitt", "limit"],
    ["limi", "limit"],
    ["lmiit", "limit"],
    ["Limit", "limit"],
    ["were", "where"],
    ["ifUpdateAt", "ifUpdatedAt"],
    ["ifupdatedat", "ifUpdatedAt"],
    ["updatedAt", "ifUpdatedAt"],
    ["timeout", "timeoutMs"],
  ])("of %s is %s", (given, meant) => {
    expect(nearestName(given, names)).toBe(meant);
  });

  test.each(["sort", "filter", "x", "", "constructor", "__proto__", "limit".repeat(9)])(
    "of %s is none",
    (given) => {
      expect(nearestName(given, names)).toBeUndefined();
    },
  );

  test("is the nearest of several", () => {
    expect(nearestName("ordr", ["odd", "order", "orders"])).toBe("order");
  });

  test("is not searched for in a name that nobody can have meant", () => {
    expect(nearestName(`limit${"t".repeat(1_000_000)}`, names)).toBeUndefined();
  });
});

describe("unknown options", () => {
  test("are named with what was meant, else with all that there are", () => {
    const context = { operation: "query", entity: "SavedContent", key: "userId=u1" };
    const error = thrownBy(() => refuseUnknown(context, { limitt: 3, sort: "desc" }, names));
    expect(error).toBeInstanceOf(ValidationError);
    expect(error).toMatchObject({
      message:
        'query SavedContent (userId=u1): "limitt" is not an option; did you mean "limit"?; ' +
        '"sort" is not an option: the options are limit, where, ifUpdatedAt, timeoutMs',
      issues: [
        { path: "limitt", message: 'is not an option; did you mean "limit"?' },
        {
          path: "sort",
          message: "is not an option: the options are limit, where, ifUpdatedAt, timeoutMs",
        },
      ],
      operation: "query",
      entity: "SavedContent",
    });
  });

  test("are none where all are known, undefined or not given", () => {
    expect(unknownOptions({ limit: 5, where: {}, sort: undefined }, names)).toEqual([]);
    expect(unknownOptions({}, names)).toEqual([]);
    expect(unknownOptions(undefined, names)).toEqual([]);
    expect(unknownOptions(null, names)).toEqual([]);
    expect(unknownOptions(Object.create(null), names)).toEqual([]);
  });

  test("are those of a prototype too, but not those that all objects have", () => {
    expect(unknownOptions(Object.create({ limitt: 1, limit: 1 }), names)).toEqual([
      { path: "limitt", message: 'is not an option; did you mean "limit"?' },
    ]);
    class Options {
      limit = 1;
      get where() {
        return {};
      }
      helper() {
        return this.limit;
      }
    }
    expect(unknownOptions(new Options(), names)).toEqual([]);
    Object.defineProperty(Object.prototype, "polluted", {
      value: 1,
      enumerable: true,
      configurable: true,
    });
    try {
      expect(unknownOptions({ limit: 1 }, names)).toEqual([]);
    } finally {
      Reflect.deleteProperty(Object.prototype, "polluted");
    }
  });

  test("are not what a class can do: an AbortController is options, as fetch takes it", () => {
    const controller = new AbortController();
    expect(
      Object.entries(Object.getOwnPropertyDescriptors(AbortController.prototype))
        .filter(([, { enumerable }]) => enumerable)
        .map(([name]) => name),
    ).toContain("abort");
    expect(unknownOptions(controller, ["signal", "timeoutMs"])).toEqual([]);
    const own = { abort: () => undefined };
    expect(unknownOptions(own, ["signal"]).map(({ path }) => path)).toEqual(["abort"]);
    expect(unknownOptions(controller, ["timeoutMs"]).map(({ path }) => path)).toEqual(["signal"]);
  });

  test.each([5, "text", true, () => 1, Symbol("s"), [1]])(
    "are not looked for in %p: it is no object",
    (given) => {
      expect(unknownOptions(given, names)).toEqual([
        { path: "options", message: "must be an object" },
      ]);
      expect(thrownBy(() => refuseUnknown({ operation: "get" }, given, names))).toMatchObject({
        message: "get: options must be an object",
      });
    },
  );

  test("are looked for no longer than they are reported, and shown cut", () => {
    const given = Object.fromEntries(
      Array.from({ length: 1_000 }, (_, index) => [`${"x".repeat(1_000)}${index}`, 1]),
    );
    let reads = 0;
    const counted = new Proxy(given, {
      get: (target, name) => {
        reads += 1;
        return Reflect.get(target, name);
      },
    });
    const issues = unknownOptions(counted, names);
    expect([issues.length, reads]).toEqual([10, 10]);
    expect(issues[0]?.path).toBe(`${"x".repeat(80)}…`);
  });

  test("are said to be none where a call takes none", () => {
    expect(unknownOptions({ a: 1 }, [])).toEqual([
      { path: "a", message: "is not an option: there are none" },
    ]);
  });
});

describe("settings", () => {
  test("that are unknown are a ConfigurationError", () => {
    const error = thrownBy(() => refuseUnknownSettings("retry", { limitt: 1 }, names));
    expect(error).toBeInstanceOf(ConfigurationError);
    expect(error).toMatchObject({
      message: 'retry: "limitt" is not an option; did you mean "limit"?',
    });
  });

  test("are read once, inherited ones and getters of a class too (only own ones were)", () => {
    let reads = 0;
    class Base {
      get limit() {
        reads += 1;
        return 7;
      }
    }
    class Settings extends Base {}
    const settings = settingsOf<{ limit?: number }>("call", new Settings(), names);
    expect([settings.limit, settings.limit, reads]).toEqual([7, 7, 1]);
    expect(Object.keys(settings)).toEqual(["limit"]);
  });

  test.each([null, undefined, 5, "text", [1]])("are no %p", (given) => {
    expect(thrownBy(() => settingsOf("call", given as never, names))).toMatchObject({
      name: "ConfigurationError",
      message: "call: options must be an object",
    });
  });

  test("that cannot be read are said to be so", () => {
    const given = {
      get limit(): number {
        throw new Error("no");
      },
    };
    expect(thrownBy(() => settingsOf("call", given, names))).toMatchObject({
      name: "ConfigurationError",
      message: "call: options cannot be read",
    });
  });
});
