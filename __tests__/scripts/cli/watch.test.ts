/** `bayon-data watch` and `table create --stream`: what they print, and how they end. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createTestDataLayer, make, type TestDataLayer } from "../../../src/testing/index.js";
import { describeStreams, useEngine } from "../../streams/stream.js";
import { bayonData, temporaryFolder } from "../run.js";

const folder = temporaryFolder();

describeStreams("bayon-data watch on $name", ({ engine: name }) => {
  const engine = useEngine(name);
  let data: TestDataLayer;
  beforeEach(async () => {
    data = await createTestDataLayer({ engine: engine(), stream: true });
    const key = { userId: "u1", contentId: "c1" };
    await data.savedContent.create(make.savedContent({ ...key, data: { title: "One" } }));
    await data.savedContent.update(key, { title: "Two" });
    const token = { accessToken: "access-canary", refreshToken: "refresh-canary" };
    await data.oauthToken.put({ userId: "u2", provider: "google", data: token });
  });
  afterEach(() => data.close());

  const place = () => [
    ...["--environment", "local", "--endpoint", engine().endpoint],
    ...["--table", data.table.name],
  ];

  /** Runs the command until it has said something, and a moment more. */
  async function watched(...flags: string[]) {
    const controller = new AbortController();
    setTimeout(() => controller.abort(), 1_500);
    return bayonData(["watch", ...place(), "--from", "start", ...flags], controller.signal);
  }

  test("prints a line for each change, with the fields before and after and no secret", async () => {
    const { code, out, complaints } = await watched();
    const lines = out.trimEnd().split("\n");
    expect(lines).toHaveLength(3);
    expect(lines[1]).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d updated savedContent userId=u1/);
    expect(lines[1]).toMatch(/contentId=c1: title "One" → "Two"$/);
    expect(lines[2]).toContain('accessToken = "[secret]"');
    expect(out).not.toContain("canary");
    expect(complaints).toContain("watching ");
    expect(code).toBe(130);
  });

  test("with --json, a line is an object, of the store and the user that are asked for", async () => {
    const { out } = await watched("--json", "--entity", "oauthToken");
    const [line, ...more] = out.trimEnd().split("\n");
    expect(more).toEqual([]);
    expect(JSON.parse(line ?? "")).toMatchObject({
      ...{ kind: "created", entity: "oauthToken", key: { userId: "u2", provider: "google" } },
      changed: expect.arrayContaining([{ path: ["accessToken"], after: "[secret]" }]),
    });
    expect(out).not.toContain("canary");
    const ofUser = await watched("--json", "--user", "u1");
    expect(ofUser.out.trimEnd().split("\n")).toHaveLength(2);
  });

  test("an empty --user is wrong usage (it showed nothing for ever)", async () => {
    const { code, complaints } = await watched("--user", "");
    expect([code, complaints]).toEqual([2, "error: --user needs the id of a user or an agent\n"]);
  });

  test("keeps its place in a file, and goes on from there", async () => {
    const file = join(folder(), "watch.json");
    expect((await watched("--checkpoint", file)).out.trimEnd().split("\n")).toHaveLength(3);
    expect(JSON.parse(readFileSync(file, "utf8"))).toMatchObject({ version: 1 });
    expect((await watched("--checkpoint", file)).out).toBe("");
  });

  test("refuses a store that there is not, and a table without a stream", async () => {
    const unknown = await bayonData(["watch", ...place(), "--entity", "nothing"]);
    expect(unknown).toMatchObject({ code: 2, out: "" });
    expect(unknown.complaints).toContain("there is no store nothing");
    const plain = await createTestDataLayer({ engine: engine() });
    try {
      const flags = ["--environment", "local", "--endpoint", engine().endpoint];
      const at = [...flags, "--table", plain.table.name];
      const ran = await bayonData(["watch", ...at]);
      expect(ran).toMatchObject({ code: 2, out: "" });
      expect(ran.complaints).toContain("has no stream");
      // A table that is there without a stream does not get one.
      const created = await bayonData(["table", "create", "--stream", ...at]);
      expect(created).toMatchObject({ code: 1 });
      expect(created.complaints).toContain("has no stream");
    } finally {
      await plain.close();
    }
  });

  test("table create --stream creates a table with a stream, which describe shows", async () => {
    const at = ["--environment", "local", "--endpoint", engine().endpoint, "--table", "Streamed"];
    expect(await bayonData(["table", "create", "--stream", ...at])).toMatchObject({ code: 0 });
    const { out } = await bayonData(["table", "describe", ...at]);
    expect(out).toMatch(/stream +NEW_AND_OLD_IMAGES/);
    await bayonData(["table", "delete", "--yes", ...at]);
  });
});
