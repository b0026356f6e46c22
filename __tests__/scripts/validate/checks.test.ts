/** The checks of `bayon-data validate`: each must fail where what it checks does not hold. */
import {
  type Check,
  type CheckGroup,
  clearingUp,
  eventually,
  expect as hold,
  type Scratch,
} from "../../../scripts/validate/check.js";
import { errorChecks, retryChecks } from "../../../scripts/validate/failure-checks.js";
import { repositoryChecks } from "../../../scripts/validate/repository-checks.js";
import { spanningChecks } from "../../../scripts/validate/spanning-checks.js";
import { storeDeletes, storeReads, storeWrites } from "../../../scripts/validate/store-checks.js";
import { getSavedContentKeys } from "../../../src/index.js";
import { engines } from "../../engines.js";
import { openTable } from "../../open.js";

function named({ checks }: CheckGroup, wanted: string): Check {
  const found = checks.find(({ name }) => name === wanted);
  if (found === undefined) throw new Error(`there is no check ${wanted}`);
  return found;
}

test("each check is reported by a name of its own", () => {
  const groups = [
    ...[storeWrites, storeReads, storeDeletes, spanningChecks],
    ...[repositoryChecks, errorChecks, retryChecks],
  ];
  for (const { checks } of groups) {
    const names = checks.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    expect(names.filter((name) => !/^\w/.test(name))).toEqual([]);
  }
});

describe("what a read finds in the end", () => {
  test("is asked for again until it holds", async () => {
    let asked = 0;
    const startedAt = performance.now();
    await eventually(async () => {
      asked += 1;
      hold(asked === 3, "not yet");
    });
    expect(asked).toBe(3);
    // It waits in between.
    expect(performance.now() - startedAt).toBeGreaterThan(150);
  });

  test("is what it found last where it never holds: a workspace that lacks a kind of item", async () => {
    let asked = 0;
    const workspace = async () => {
      asked += 1;
      // Without its pauses it would keep the test's own time limit from passing.
      if (asked > 1_000) await new Promise(() => undefined);
      return { project: ["an item"], review: [], untried: [] };
    };
    const subjects = [{ facade: "project" }, { facade: "review" }];
    const scratch = { data: { collections: { workspace } }, userId: "u1", subjects };
    const check = named(spanningChecks, "collections.workspace");
    await expect(check.run(scratch as unknown as Scratch)).rejects.toThrow(/^nothing of review$/);
    expect(asked).toBeGreaterThan(1);
  });

  test("is not asked for again where the call fails", async () => {
    let asked = 0;
    const failure = new Error("no answer");
    const checked = eventually(async () => {
      asked += 1;
      if (asked === 1) throw failure;
    });
    await expect(checked).rejects.toBe(failure);
    expect(asked).toBe(1);
  });
});

describe("clearing up after a check", () => {
  const wrong = new Error("exported 1 items, not 2");
  const fails = (error: unknown) => async () => {
    throw error;
  };
  const succeeds = async () => undefined;

  test("happens whatever came of it, and hides no error of the check", async () => {
    let cleared = 0;
    const clearUp = async () => {
      cleared += 1;
    };
    await expect(clearingUp(succeeds, clearUp)).resolves.toBeUndefined();
    await expect(clearingUp(fails(wrong), clearUp)).rejects.toBe(wrong);
    expect(cleared).toBe(2);
    const unable = new Error("left 1 items");
    await expect(clearingUp(succeeds, fails(unable))).rejects.toBe(unable);
    await expect(clearingUp(fails(wrong), fails(unable))).rejects.toMatchObject({
      message: "exported 1 items, not 2; and clearing up: left 1 items",
      cause: wrong,
    });
  });

  test("an export that fails is reported, though erasing fails as well (it was hidden)", async () => {
    const user = {
      export: () => {
        throw wrong;
      },
      erase: fails(new Error("throttled")),
    };
    const data = {
      project: { put: succeeds },
      oauth: { store: succeeds },
      user: () => user,
    };
    const check = named(spanningChecks, "user: export and erase");
    const scratch = { data, userId: "u1" } as unknown as Scratch;
    await expect(check.run(scratch)).rejects.toThrow(
      /^exported 1 items, not 2; and clearing up: throttled$/,
    );
  });
});

describe.each(engines)("on $name", (setting) => {
  const table = openTable(setting);

  test("a payload that cannot be stored: the check fails if it is stored all the same", async () => {
    const { data } = table;
    const check = named(
      errorChecks,
      "a payload that cannot be stored is refused before it is sent",
    );
    let requests = 0;
    const scratch = (put: typeof data.savedContent.put) =>
      ({
        userId: "u1",
        requests: () => requests,
        data: { savedContent: { put } },
      }) as unknown as Scratch;
    const good = scratch((input) => data.savedContent.put(input));
    await expect(check.run(good)).resolves.toBeUndefined();
    // All else of the input is checked as ever.
    const content = "cut";
    const careless = scratch((input) => {
      requests += 1;
      return data.savedContent.put({ ...input, data: { ...input.data, content } });
    });
    await expect(check.run(careless)).rejects.toThrow("expected ValidationError, got no error");
  });

  test("get and getItem: the check fails if something is found that does not exist", async () => {
    const { raw } = table;
    const check = named(repositoryChecks, "get and getItem");
    const { PK, SK } = getSavedContentKeys("u1", "repository-1");
    const Data = { type: "Note", content: "Written by bayon-data validate" };
    await raw.put({ PK, SK, EntityType: "SavedContent", Data, CreatedAt: 1, UpdatedAt: 1 });
    const getItem = async (...where: [string, string]) => (await raw.get(...where)) ?? null;
    const get = async (...where: [string, string]) => (await getItem(...where))?.Data ?? null;
    const scratch = (read: typeof get) =>
      ({ userId: "u1", repository: { get: read, getItem } }) as unknown as Scratch;
    await expect(check.run(scratch(get))).resolves.toBeUndefined();
    const careless = scratch(() => get(PK, SK));
    await expect(check.run(careless)).rejects.toThrow("found what does not exist");
  });
});
