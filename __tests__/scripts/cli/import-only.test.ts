/** `bayon-data import --only`: one user or one item of an export comes back, and nothing else is touched. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { engines } from "../../engines.js";
import { openTable } from "../../open.js";
import { bayonData, temporaryFolder } from "../run.js";

const folder = temporaryFolder();

describe.each(engines)("import --only on $name", (engine) => {
  const table = openTable(engine);
  const keys = async (...partitions: string[]) => {
    const found: string[] = [];
    for (const [PK, SK] of stored) {
      if (partitions.includes(PK) && (await table.raw.get(PK, SK)) !== undefined) found.push(SK);
    }
    return found;
  };
  const stored = [
    ["USER#u1", "PROJECT#p1"],
    ["USER#u1", "PROJECT#p2"],
    ["REVIEW#u1", "REVIEW#r1"],
    ["USER#u2", "PROJECT#p1"],
    ["USER#u10", "PROJECT#p1"],
  ] as const;

  test("restores what is named, and reports the rest as of other keys", async () => {
    const { tableName, endpoint = "" } = table.data.configuration;
    const out = folder();
    const [files, state] = [join(out, "files"), join(out, "state")];
    const place = ["--environment", "local", "--table", tableName, "--endpoint", endpoint];
    const onlyFrom = (...flags: string[]) =>
      bayonData(["import", files, ...place, "--state", state, "--json", ...flags]);
    await table.raw.put(
      ...stored.map(([PK, SK]) => ({
        PK,
        SK,
        EntityType: SK.startsWith("P") ? "Project" : "Review",
        Data: {},
      })),
    );
    const exported = await bayonData(["export", files, ...place]);
    expect(exported).toMatchObject({ code: 0 });
    for (const [userId, projectId] of [
      ["u1", "p1"],
      ["u1", "p2"],
      ["u2", "p1"],
      ["u10", "p1"],
    ] as const) {
      await table.data.project.delete({ userId, projectId });
    }
    expect(await keys("USER#u1", "USER#u2", "USER#u10")).toEqual([]);

    const dry = await onlyFrom("--only", "USER#u1", "--dry-run");
    expect(JSON.parse(dry.out)).toMatchObject({ written: 2, skipped: 0, others: 3 });
    expect(await keys("USER#u1")).toEqual([]);

    const one = await onlyFrom("--only", "USER#u1", "--only-sort", "PROJECT#p2");
    expect(JSON.parse(one.out)).toMatchObject({
      written: 1,
      account: { read: 5, outcomes: { written: 1, "of other keys": 4 } },
    });
    expect(await keys("USER#u1")).toEqual(["PROJECT#p2"]);

    const user = await onlyFrom("--only", "USER#u1", "--only", "REVIEW#u1");
    expect(JSON.parse(user.out)).toMatchObject({ written: 1, skipped: 2, others: 2 });
    expect(await keys("USER#u1")).toEqual(["PROJECT#p1", "PROJECT#p2"]);
    expect(await keys("USER#u2", "USER#u10")).toEqual([]);

    // A checkpoint is of these partitions and no others.
    mkdirSync(join(state, "import"), { recursive: true });
    const checkpoint = { fingerprint: "another", state: {} };
    writeFileSync(join(state, "import", "import.json"), JSON.stringify(checkpoint));
    const { code, complaints } = await onlyFrom("--only", "USER#u1", "--only", "REVIEW#u1");
    expect(code).toBe(1);
    expect(complaints).toContain('skip, only {\\"partitions\\":[\\"USER#u1\\",\\"REVIEW#u1\\"]}');

    expect(await onlyFrom("--restart", "--only", "USER#u3")).toMatchObject({ code: 1 });
    const alone = await onlyFrom("--only-sort", "PROJECT#p2");
    expect(alone.code).toBe(2);
    expect(alone.complaints).toContain("--only-sort is for the partition that --only names");
  });
});
