/** The demonstration, as a process of its own. */
import { existsSync, readFileSync } from "node:fs";
import { script } from "../run.js";

describe("npm start", () => {
  test("shows each call with its requests and time, ends with 0, and leaves nothing running", async () => {
    // As npm runs it; it looks for its export beside its sources.
    const running = script("demo/start.ts", [], { fromSources: true });
    const { code, out, complaints } = await running.ended();
    expect({ code, complaints }).toEqual({ code: 0, complaints: "" });
    expect(out).toContain("67 written, 6 rejected, from scripts/demo/firestore-sample");
    expect(out).toMatch(
      /^ +1 +\d+\.\d {2}userProfile\.get +Tomasz Wójcik, tomasz-wojcik@example\.com$/m,
    );
    expect(out).toMatch(/^ +1 +\d+\.\d {2}savedContent\.get 100 at once +100 found/m);
    expect(out).toMatch(/create the same id +refused: ConditionalCheckFailedError$/m);
    expect(out).toMatch(/^documents 67 written, 6 rejected; \d+ requests in /m);
    expect(out).toContain("agentId must not be empty");
    expect(out).not.toContain("nothing of that kind");
    expect(out).not.toMatch(/not-a-real|FAILED/);
    expect(out).not.toContain("\u001b");
    for (const line of out.split("\n")) expect(line.length).toBeLessThanOrEqual(100);
    expect(await running.leftovers()).toEqual([]);
  });

  test("refuses a folder that is none", async () => {
    const { code, complaints } = await script("demo/start.ts", [
      "--from",
      "no/such/folder",
    ]).ended();
    expect(code).toBe(2);
    expect(complaints).toBe("error: no/such/folder: does not exist\n");
  });

  test("tells what it is in its help", async () => {
    const { code, out } = await script("demo/start.ts", ["--help"]).ended();
    expect(code).toBe(0);
    expect(out).toContain("npm start -- --from ./firestore-export");
  });
});

describe("a second export, where there is one", () => {
  const folder = "../shared/firestore-export";
  const expectedFile = `${folder}/_expected.json`;
  const here = existsSync(expectedFile) ? test : test.skip;

  here(`${folder}: exactly the unreadable documents are rejected`, async () => {
    const { dirty, totalDocuments } = JSON.parse(readFileSync(expectedFile, "utf8")) as {
      dirty: { path: string; reasons: string[] }[];
      totalDocuments: number;
    };
    const fatal = /agentId (?:empty|missing)|larger than 400 KB|author is a string/;
    const unreadable = dirty.filter(({ reasons }) => reasons.some((reason) => fatal.test(reason)));
    expect(unreadable.length).toBeGreaterThan(0);

    const { code, out } = await script("demo/start.ts", ["--from", folder]).ended();
    expect(code).toBe(0);
    const rejected = [...out.matchAll(/^rejected {2}(.+)$/gm)].map(([, path]) => path);
    expect(rejected.toSorted()).toEqual(unreadable.map(({ path }) => path).toSorted());
    expect(out).toContain(
      `${totalDocuments - rejected.length} written, ${rejected.length} rejected`,
    );
    expect(out).not.toContain("FAILED");
  });
});
