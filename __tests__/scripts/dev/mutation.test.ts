/** `npm run test:mutation`, but for Stryker's part, which has an install of its own. */
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { isEquivalent } from "../../../scripts/dev/mutation/equivalents.js";
import { type CleanTests, type Examined, examine } from "../../../scripts/dev/mutation/examine.js";
import {
  applyMutant,
  diffOf,
  isProse,
  type Mutant,
} from "../../../scripts/dev/mutation/mutants.js";
import { Reach } from "../../../scripts/dev/mutation/reach.js";
import { Results } from "../../../scripts/dev/mutation/results.js";
import { scoresOf } from "../../../scripts/dev/mutation/score.js";
import {
  findSubjects,
  inTryingOrder,
  isIn,
  roomOf,
  sampleOf,
} from "../../../scripts/dev/mutation/subjects.js";
import { Workspace } from "../../../scripts/dev/mutation/workspace.js";

const root = join(__dirname, "../../..");

/** A mutant that replaces a part of a text; the part occurs once. */
function mutantOf(text: string, original: string, replacement: string, index = 0): Mutant {
  const start = text.indexOf(original);
  expect(text.indexOf(original, start + 1)).toBe(-1);
  return {
    ...{ id: `src/sum.ts:${index}`, file: "src/sum.ts", index, mutator: "Some" },
    ...{ start, end: start + original.length, line: text.slice(0, start).split("\n").length },
    ...{ original, replacement },
  };
}

describe("a mutant", () => {
  const text = "const a = 1;\nif (a > 0) {\n  run();\n}\nend();\n";

  test("changes its place and nothing else, and its diff is these lines", () => {
    const mutant = mutantOf(text, "a > 0", "true");
    expect(applyMutant(text, mutant)).toBe("const a = 1;\nif (true) {\n  run();\n}\nend();\n");
    expect(diffOf(text, mutant)).toEqual(["- if (a > 0) {", "+ if (true) {"]);
  });

  test("of several lines shows those that go, and those that come", () => {
    const mutant = mutantOf(text, "{\n  run();\n}", "{}");
    expect(diffOf(text, mutant)).toEqual([
      "- if (a > 0) {",
      "-   run();",
      "- }",
      "+ if (a > 0) {}",
    ]);
  });

  test("is not put into a file that has changed since", () => {
    const mutant = mutantOf(text, "a > 0", "true");
    expect(() => applyMutant(`// new\n${text}`, mutant)).toThrow("the file is not the one");
  });

  test.each([
    ['"a text of words"', true],
    ["`a template ${of} words`", true],
    ['"code"', false],
    ['""', false],
    ['" "', false],
  ])("that empties %s is about prose: %p", (original, prose) => {
    const mutant = { ...mutantOf(original, original, '""'), mutator: "StringLiteral" };
    expect(isProse(mutant)).toBe(prose);
    expect(isProse({ ...mutant, mutator: "ConditionalExpression" })).toBe(false);
  });

  test("that is known to change nothing is known by its text, wherever its file is moved", () => {
    const known = [
      { file: "sum.ts", original: "a >  0", replacement: "true", line: "if (a", why: "a is 1" },
    ];
    const mutant = mutantOf(text, "a > 0", "true");
    expect(isEquivalent(mutant, text, known)).toBe(true);
    expect(isEquivalent({ ...mutant, file: "src/deep/sum.ts" }, text, known)).toBe(true);
    expect(isEquivalent({ ...mutant, file: "src/other.ts" }, text, known)).toBe(false);
    expect(isEquivalent({ ...mutant, replacement: "false" }, text, known)).toBe(false);
    expect(isEquivalent({ ...mutant, line: 1 }, text, known)).toBe(false);
  });
});

describe("the sample", () => {
  const mutants = Array.from({ length: 50 }, (_, index) => mutantOf("x", "x", `${index}`, index));

  test("is the same for a seed, another for another, and in the order of the files", () => {
    const once = sampleOf(mutants, 7, 10).map(({ index }) => index);
    expect(once).toHaveLength(10);
    expect(once).toEqual([...once].sort((a, b) => a - b));
    expect(sampleOf(mutants, 7, 10).map(({ index }) => index)).toEqual(once);
    expect(sampleOf(mutants, 8, 10).map(({ index }) => index)).not.toEqual(once);
    expect(sampleOf(mutants, 7, 100)).toEqual(mutants);
  });

  test("is tried at random, after the places that come first", () => {
    const of = (file: string) => ({ ...mutantOf("x", "x", "y"), file });
    const some = ["entities/a.ts", "src/a.ts", "src/write/a.ts", "src/write/b.ts"].map(of);
    expect(inTryingOrder(some, ["src/write/b.ts", "src"], 7).map(({ file }) => file)).toEqual([
      ...["src/write/b.ts", "src/a.ts", "src/write/a.ts", "entities/a.ts"],
    ]);
    const order = inTryingOrder(mutants, [], 7);
    expect(order).not.toEqual(mutants);
    expect(order.toSorted((a, b) => a.index - b.index)).toEqual(mutants);
    expect(inTryingOrder(mutants, [], 7)).toEqual(order);
  });

  test("is of the published files, those of the command among them, and of no others", () => {
    const subjects = findSubjects(root);
    expect(subjects).toEqual(expect.arrayContaining(["scripts/cli.ts", "services/entities.ts"]));
    expect(subjects.some((file) => file.startsWith("scripts/cli/commands/"))).toBe(true);
    expect(subjects.some((file) => file.startsWith("entities/"))).toBe(true);
    expect(subjects.filter((file) => /^scripts\/(?:bench|mutation|soak)\//.test(file))).toEqual([]);
  });

  test("has rooms by the first folder below src, services and scripts", () => {
    expect(
      ["src/a.ts", "src/errors/a.ts", "src/errors/deep/a.ts", "entities/a.ts"].map(roomOf),
    ).toEqual(["src", "src/errors", "src/errors", "entities"]);
    expect(isIn("src/errors/a.ts", ["src/errors/"])).toBe(true);
    expect(isIn("src/errors/a.ts", ["src/error"])).toBe(false);
    expect(isIn("src/a.ts", ["services", "src/a.ts"])).toBe(true);
  });
});

describe("the scores", () => {
  const one = (file: string, fate: Examined["fate"]): Examined => ({
    ...{ mutant: { ...mutantOf("x", "x", "y"), file }, fate, tests: 1, reaching: 1, seconds: 1 },
  });

  test("count late ones as noticed, unreached ones as not, and neither the compiler's nor the same", () => {
    const scores = scoresOf([
      one("src/errors/a.ts", "killed"),
      one("src/errors/a.ts", "timeout"),
      one("src/errors/a.ts", "survived"),
      one("src/errors/a.ts", "compiler"),
      one("services/a.ts", "unreached"),
      one("entities/a.ts", "equivalent"),
    ]);
    expect(scores.map(({ room, score }) => [room, score && Math.round(score)])).toEqual([
      ["entities", null],
      ["services", 0],
      ["src/errors", 67],
      ["all", 50],
    ]);
    expect(scores.at(-1)).toMatchObject({ killed: 1, timeout: 1, survived: 1, unreached: 1 });
  });
});

describe("what an earlier run found", () => {
  const texts: Record<string, string> = {
    "src/sum.ts": "x",
    "__tests__/a.test.ts": "1",
    "__tests__/b.test.ts": "2",
  };
  const files = Object.keys(texts);
  const mutant = mutantOf("x", "x", "y");
  const killed: Examined = {
    ...{ mutant, fate: "killed", by: "__tests__/a.test.ts › adds", tests: 1, reaching: 2 },
    seconds: 1,
  };
  const survived: Examined = { mutant, fate: "survived", tests: 2, reaching: 2, seconds: 1 };
  const found = (one: Examined, changed: Record<string, string> = {}, among: object = {}) => {
    const folder = mkdtempSync(join(tmpdir(), "results-"));
    try {
      const kept = join(folder, "deep", "results.jsonl");
      const read = (of: Record<string, string>) => ({ read: (file: string) => of[file] ?? "" });
      new Results(kept, read(texts), files, {}).keep(one);
      appendFileSync(kept, '{"id":"src/sum.ts:0","fa');
      return new Results(kept, read({ ...texts, ...changed }), files, among).of(mutant);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  };

  test("counts, also after a run that was killed while it wrote", () => {
    expect(found(killed)).toEqual(killed);
    expect(found(survived)).toEqual(survived);
    expect(found({ ...survived, mutant: { ...mutant, replacement: "z" } })).toBeUndefined();
  });

  test("does not count if the file has changed", () => {
    expect(found(killed, { "src/sum.ts": "x " })).toBeUndefined();
  });

  test("does not count if the test that noticed it has changed, or any test if none did", () => {
    expect(found(killed, { "__tests__/a.test.ts": "3" })).toBeUndefined();
    expect(found(killed, { "__tests__/b.test.ts": "3" })).toEqual(killed);
    expect(found(survived, { "__tests__/b.test.ts": "3" })).toBeUndefined();
  });

  test("counts for survivors only if the same tests would be run", () => {
    expect(found(survived, {}, { atMostSeconds: 9 })).toBeUndefined();
    expect(found(killed, {}, { atMostSeconds: 9 })).toEqual(killed);
  });
});

describe("the tests of a mutant", () => {
  const reachOf = (seconds: number, testing: number[], loading: number[] = []) => ({
    ...{ hash: "", seconds },
    testing: { "src/sum.ts": testing, "src/other.ts": [1, 2, 3, 4] },
    loading: { "src/sum.ts": loading },
  });
  const recorded = {
    sources: { "src/sum.ts": "1" },
    tests: {
      "__tests__/all.test.ts": reachOf(9, [0, 1]),
      "__tests__/sum.test.ts": reachOf(1, [0, 1]),
      "__tests__/loads.test.ts": reachOf(1, [], [0]),
      "__tests__/none.test.ts": reachOf(1, []),
    },
  };
  const mutant = (index: number) => mutantOf("x", "x", "y", index);
  const filesOf = (reach: Reach, index: number) =>
    reach.testsOf(mutant(index)).map(({ file }) => file);

  test("are those that reach it, first the one that is named as its file", () => {
    const reach = new Reach(recorded, new Set());
    expect(filesOf(reach, 0)).toEqual([
      "__tests__/sum.test.ts",
      "__tests__/all.test.ts",
      "__tests__/loads.test.ts",
    ]);
    expect(filesOf(reach, 1)).toEqual(["__tests__/sum.test.ts", "__tests__/all.test.ts"]);
    expect(filesOf(reach, 5)).toEqual([]);
  });

  test("begin with one that has noticed others of the file", () => {
    const reach = new Reach(recorded, new Set());
    for (let kills = 0; kills < 60; kills += 1) reach.noteKill(mutant(1), "__tests__/all.test.ts");
    expect(filesOf(reach, 0)[0]).toBe("__tests__/all.test.ts");
  });

  test("of a changed file are those that reach anything of it, and of a new one all", () => {
    const changed = new Reach(recorded, new Set(["src/sum.ts"]));
    expect(filesOf(changed, 5)).toHaveLength(3);
    const added = new Reach({ ...recorded, sources: {} }, new Set(["src/sum.ts"]));
    expect(filesOf(added, 5)).toHaveLength(4);
  });
});

describe("what becomes of a mutant", () => {
  const sum = [
    "export function sum(values: number[]): number {",
    "  let total = 0;",
    "  for (let at = 0; at < values.length; at += 1) total += values[at] ?? 0;",
    "  return total;",
    "}",
    "export const unread: string = 'unread';",
    "",
  ].join("\n");
  const files: Record<string, string> = {
    "src/sum.ts": sum,
    "__tests__/sum.test.ts":
      'const { sum } = require("../src/sum.ts");\ntest("sums up", () => expect(sum([2, 3])).toBe(5));\n',
    "__tests__/skips.test.ts": 'test.skip("later", () => {});\ntest("now", () => {});\n',
    "__tests__/hangs.test.ts":
      'const { sum } = require("../src/sum.ts");\ntest("starts", () => expect(sum([1])).toBe(1));\ntest("waits", async () => { if (sum([1]) === 0) await new Promise(() => {}); }, 100_000);\n',
    "__tests__/broken.test.ts": 'test("fails", () => expect(1).toBe(2));\n',
    "jest.config.cjs":
      'module.exports = { transform: { "\\\\.ts$": ["@swc/jest", { jsc: { parser: { syntax: "typescript" } }, module: { type: "commonjs" } }] } };\n',
    "tsconfig.json":
      '{ "compilerOptions": { "strict": true, "noEmit": true }, "include": ["src"] }\n',
    "package.json": "{}\n",
  };
  let folder = "";
  let workspace: Workspace;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "mutation-"));
    for (const [file, text] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, file)), { recursive: true });
      writeFileSync(join(folder, file), text);
    }
    symlinkSync(join(root, "node_modules"), join(folder, "node_modules"), "junction");
    workspace = new Workspace(folder, Object.keys(files));
  });
  afterAll(() => {
    workspace[Symbol.dispose]();
    rmSync(folder, { recursive: true, force: true });
  });

  const clean: CleanTests = new Map();
  const fateOf = async (
    original: string,
    replacement: string,
    tests: string[],
    startSeconds = 60,
  ) => {
    const every = { hash: "", seconds: 0.1, testing: { "src/sum.ts": [0] }, loading: {} };
    const reach = new Reach(
      {
        sources: { "src/sum.ts": "1" },
        tests: Object.fromEntries(tests.map((test) => [`__tests__/${test}.test.ts`, every])),
      },
      new Set(),
    );
    const { signal } = new AbortController();
    const mutant = mutantOf(sum, original, replacement);
    const { fate, by } = await examine(workspace, mutant, { reach, clean, signal, startSeconds });
    // The next one begins with the file as it was.
    expect(workspace.read("src/sum.ts")).toBe(sum);
    return { fate, by };
  };

  test("is told by the tests that reach it, by the compiler, or by nobody", async () => {
    expect(await fateOf("total += values", "total -= values", ["skips", "sum"])).toEqual({
      fate: "killed",
      by: "__tests__/sum.test.ts › sums up",
    });
    expect((await fateOf("?? 0", "?? 1", ["sum"])).fate).toBe("survived");
    expect((await fateOf("'unread'", "5", ["sum"])).fate).toBe("compiler");
    expect((await fateOf("?? 0", "?? 1", [])).fate).toBe("unreached");
  }, 120_000);

  test("is told by the first test that fails, without waiting for the others of its file", async () => {
    expect(await fateOf("return total", "return 0", ["hangs"])).toEqual({
      fate: "killed",
      by: "__tests__/hangs.test.ts › starts",
    });
  });

  test("that never ends is late", async () => {
    expect((await fateOf("at += 1", "at += 0", ["sum"], 5)).fate).toBe("timeout");
  }, 120_000);

  test("is not told by a test that fails without it", async () => {
    expect((await fateOf("?? 0", "?? 1", ["broken", "sum"])).fate).toBe("survived");
    expect((await fateOf("total += values", "total -= values", ["broken", "sum"])).by).toContain(
      "sum.test.ts",
    );
    expect(await clean.get("__tests__/broken.test.ts")).toBe(false);
  }, 120_000);
});
