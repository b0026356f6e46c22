/** `bayon-data db`, an engine for a person's own trials, and the command as the process that starts it. */
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createDataLayer } from "../../../src/index.js";
import { bayonData, script } from "../run.js";

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
    const { code, complaints } = await bayonData(["db", "--port", String(port)]);
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
