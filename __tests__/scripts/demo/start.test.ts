import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createDataLayer } from "../../../src/index.js";
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

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

describe("bayon-data db (only a clone could serve the engine)", () => {
  test("is what npm run db runs", () => {
    const { scripts } = JSON.parse(readFileSync("package.json", "utf8"));
    expect(scripts.db).toMatch(/ scripts\/cli\.ts db$/);
  });

  test("serves the table that the local configuration looks for, until Ctrl-C", async () => {
    const port = await freePort();
    const running = script("cli.ts", ["db", "--port", String(port), "--table", "Own-Name"]);
    await running.saw("Ctrl-C");
    const endpoint = `http://localhost:${port}`;
    const data = createDataLayer({ environment: "local", endpoint, tableName: "Own-Name" });
    const key = { userId: "u", projectId: "p" };
    await data.project.create({ ...key, data: { name: "Kept until the end" } });
    expect((await data.project.get(key))?.data.name).toBe("Kept until the end");
    await data.close();

    running.child.kill("SIGINT");
    const { code, out } = await running.ended();
    expect(code).toBe(0);
    expect(out).toContain("export USE_LOCAL_AWS=true");
    expect(out).not.toMatch(/npm run|tsx/);
    expect(out).toContain(`export AWS_ENDPOINT_URL_DYNAMODB=http://localhost:${port}`);
    expect(out).toContain("export DYNAMODB_TABLE_NAME=Own-Name\n");
    expect(await running.leftovers()).toEqual([]);
  });

  test("fills the table, which has a stream, and the second start of a file fills nothing again", async () => {
    const folder = mkdtempSync(join(tmpdir(), "db-"));
    const file = join(folder, "table.db");
    const port = await freePort();
    const place = { environment: "local", endpoint: `http://localhost:${port}` } as const;
    try {
      const seen = [];
      for (const more of [["--stream"], []]) {
        const args = ["db", "--port", String(port), "--path", file, "--seed", "2", ...more];
        const running = script("cli.ts", args);
        await running.saw("Ctrl-C");
        const data = createDataLayer(place);
        let items = 0;
        for await (const page of data.userProfile.scan()) items += page.items.length;
        seen.push({ items, stream: (await data.table.describe())?.stream !== undefined });
        await data.close();
        running.child.kill("SIGINT");
        const { code, out } = await running.ended();
        expect(code).toBe(0);
        expect(out).toMatch(/^ +\d\d items of 2 made-up agents$/m);
        expect(out).not.toContain("Fill it");
        expect(await running.leftovers()).toEqual([]);
      }
      expect(seen).toEqual([
        { items: 2, stream: true },
        { items: 2, stream: true },
      ]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test("says which port is taken", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const { code, complaints } = await script("cli.ts", ["db", "--port", String(port)]).ended();
    server.close();
    expect(code).toBe(2);
    expect(complaints).toBe(
      `error: port ${port} on 127.0.0.1 is already in use: is the engine running already?\nTo take another port: npx bayon-data db --port ${port + 1}\n`,
    );
  });
});

test("the command's own door runs", async () => {
  const { code, out } = await script("cli.ts", ["--version"]).ended();
  const { version } = JSON.parse(readFileSync("package.json", "utf8"));
  expect({ code, out }).toEqual({ code: 0, out: `${version}\n` });
});
