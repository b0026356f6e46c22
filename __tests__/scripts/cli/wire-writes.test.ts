/**
 * Commands that put and delete items, on a wire that breaks: they do all their work, and count it right. None
 * of those that write waits for an answer that stalls.
 */
import { randomUUID } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type ImportState, importTable } from "../../../scripts/move/table-files/import-table.js";
import { readManifest } from "../../../scripts/move/table-files/manifest.js";
import { openRun } from "../../../scripts/run/run-state.js";
import { adoptTable } from "../../../scripts/upkeep/adopt-table.js";
import { rotateTable } from "../../../scripts/upkeep/rotate-table.js";
import { createCipher } from "../../../src/secrets/encryption.js";
import type { WireCall } from "../../../src/testing/index.js";
import { both } from "../../encryption/keys.js";
import { engines } from "../../engines.js";
import { everySeventh, hitsOf, wireFaults } from "../wire-faults.js";
import { brokenWire, command, concurrency, failureIn, faultNamesOn, size } from "./broken-wire.js";

describe.each(engines)("on $name", ({ engine }) => {
  const { temporary, newTable, filled, source, proxyTo, migrated, stalled } = brokenWire(engine);
  const faultNames = faultNamesOn(engine);

  const ofScans = [
    "an end of the scan without a request id",
    "an end of the scan that scanned nothing",
    "an item without a key",
    "a page without its items",
    "a page with fewer items than it counts",
    "a value of another kind",
  ];
  const ofWrites = faultNames.filter((name) => !ofScans.includes(name));
  const ofPuts = ofWrites.filter((name) => name !== "half a batch");

  test.each(ofPuts)("import that skips writes all, and says so, through %s", async (name) => {
    const { dir } = await source();
    const to = await newTable();
    const { proxy, flags } = await proxyTo(to);
    proxy.inject(everySeventh(wireFaults[name]));
    const args = ["import", dir, ...flags, "--state", temporary(), ...concurrency];
    const { code, complaints, out } = await command(args);
    expect(hitsOf(proxy)).toBeGreaterThan(0);
    expect(failureIn({ code, complaints })).toBeUndefined();
    expect(out).toContain("32 written, 0 skipped, 0 rejected");
    expect(await to.all()).toHaveLength(32);
  });

  test.each(ofWrites)("import that overwrites writes all through %s", async (name) => {
    const { dir } = await source();
    const to = await newTable();
    const { proxy, flags } = await proxyTo(to);
    proxy.inject(everySeventh(wireFaults[name]));
    const own = ["--state", temporary(), "--on-conflict", "overwrite", ...concurrency];
    const { code, complaints, out } = await command(["import", dir, ...flags, ...own]);
    expect(hitsOf(proxy)).toBeGreaterThan(0);
    expect(failureIn({ code, complaints })).toBeUndefined();
    expect(out).toContain("32 written, 0 skipped, 0 rejected");
    expect(await to.all()).toHaveLength(32);
  });

  test("rollback knows the deletes whose answers were lost for its own work", async () => {
    const { table, state } = await migrated();
    const { proxy, flags } = await proxyTo(table);
    // The journal knows the table by its address.
    const journal = join(state, "journal.ndjson");
    const text = readFileSync(journal, "utf8");
    writeFileSync(journal, text.replaceAll(table.data.engine.endpoint, proxy.url));
    proxy.inject(
      everySeventh({ ...wireFaults["an answer that is lost"], operation: "DeleteItem" }),
    );
    const { code, out } = await command(["rollback", "--state", state, ...flags]);
    expect(hitsOf(proxy)).toBeGreaterThan(2);
    expect(out).toContain(`${size} items deleted, 0 left, 0 gone before`);
    expect(code).toBe(0);
    expect(await table.all()).toEqual([]);
  });

  test.each([
    ["empty", () => ({})],
    ["the key alone", (key: unknown) => ({ Attributes: key })],
  ])("rollback believes no acknowledgement that is %s", async (_, body) => {
    const { table, state } = await migrated();
    const { proxy, flags } = await proxyTo(table);
    const journal = join(state, "journal.ndjson");
    const text = readFileSync(journal, "utf8");
    writeFileSync(journal, text.replaceAll(table.data.engine.endpoint, proxy.url));
    // In DynamoDB's form, with a request id, and the delete is not carried out.
    const answer = async ({ input }: WireCall) => {
      const headers = {
        "content-type": "application/x-amz-json-1.0",
        "x-amzn-requestid": randomUUID(),
      };
      return { status: 200, headers, body: JSON.stringify(body(input.Key)) };
    };
    proxy.inject(everySeventh({ operation: "DeleteItem", answer }));
    const { code, complaints, out } = await command(["rollback", "--state", state, ...flags]);
    expect(failureIn({ code, complaints })).toBeUndefined();
    expect(hitsOf(proxy)).toBeGreaterThan(2);
    expect(out).toContain(`${size} items deleted, 0 left, 0 gone before`);
    expect(await table.all()).toEqual([]);
  });

  test("no writing command waits for an answer that stalls in its body", async () => {
    const { dir } = await source();
    const [to, one, other] = [await newTable(), await filled(), await filled()];
    const left = (name: string) => join(temporary(), `${name}.ndjson`);
    // What takes time here is waiting: all wait at once.
    const [imported, adopted, rotated] = await Promise.all([
      stalled(to, "BatchWriteItem", async (raw) => {
        const folder = temporary();
        return importTable(raw, {
          ...{ folder: dir, manifest: await readManifest(dir), onConflict: "overwrite" },
          ...{ concurrency: 4, rejectedPath: left("rejected") },
          run: await openRun<ImportState>({ command: "run", folder, fingerprint: "this" }),
        });
      }),
      stalled(one, "Scan", (raw) => adoptTable(raw, { segments: 2, findingsPath: left("adopt") })),
      stalled(other, "Scan", (raw) =>
        rotateTable(raw, { cipher: createCipher(both), segments: 2, findingsPath: left("rotate") }),
      ),
    ]);
    expect(imported).toMatchObject({ counts: { written: 32, skipped: 0, rejected: 0 } });
    expect(adopted).toMatchObject({ report: { items: 32, added: { contentId: 16 } } });
    expect(rotated).toMatchObject({ report: { items: 32, rotated: { "(clear text)": 32 } } });
  });
});
