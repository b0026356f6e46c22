/** Commands that only read, on a wire that breaks: they lose nothing, and say what is there. */
import { DeleteCommand } from "@aws-sdk/lib-dynamodb";
import { type ExportState, exportTable } from "../../../scripts/move/table-files/export-table.js";
import { openRun } from "../../../scripts/run/run-state.js";
import { examineTable } from "../../../scripts/upkeep/examine-table.js";
import { engines } from "../../engines.js";
import { everySeventh, forgedEnd, hitsOf, wireFaults } from "../wire-faults.js";
import {
  brokenWire,
  command,
  concurrency,
  failureIn,
  faultNamesOn,
  linesOf,
  size,
  told,
} from "./broken-wire.js";

describe.each(engines)("on $name", ({ engine }) => {
  const { temporary, source, proxyTo, migrated, stalled } = brokenWire(engine);
  const faultNames = faultNamesOn(engine);

  test.each(faultNames)("export loses nothing to %s", async (name) => {
    const { table, lines } = await source();
    const { proxy, flags } = await proxyTo(table);
    proxy.inject(everySeventh(wireFaults[name]));
    const dir = temporary();
    const { code, complaints, out } = await command(["export", dir, ...flags, ...concurrency]);
    expect(failureIn({ code, complaints })).toBeUndefined();
    if (name !== "half a batch") expect(hitsOf(proxy)).toBeGreaterThan(0);
    expect(linesOf(dir)).toEqual(lines);
    expect(out).toContain("32 items");
  });

  test("export --verify finds what a forged page hid, by a second count", async () => {
    const { table } = await source();
    const { proxy, flags } = await proxyTo(table);
    const args = ["export", "--verify", ...flags, "--concurrency", "2"];
    const good = await command([...args, temporary()]);
    expect(failureIn(good)).toBeUndefined();
    expect(good.out).toContain("the same: 32 items in the files, 32 in the table");

    // A page that is whole in itself: nothing about it tells that it is not the table's.
    proxy.inject(everySeventh(forgedEnd));
    const { code, out } = await command([...args, temporary()]);
    expect(hitsOf(proxy)).toBe(1);
    expect(code).toBe(1);
    expect(out).toMatch(/not the same: \d+ items? in the files, 32 in the table by a second count/);
    expect(out).not.toContain("32 items read");
  });

  test.each(faultNames)("doctor says the same through %s", async (name) => {
    const { table } = await source();
    // One segment, so that the examples come in one order.
    const args = ["doctor", "--json", "--concurrency", "1"];
    const direct = await command([...args, ...table.flags]);
    const { proxy, flags } = await proxyTo(table);
    proxy.inject(everySeventh(wireFaults[name]));
    const through = await command([...args, ...flags]);
    if (name !== "half a batch") expect(hitsOf(proxy)).toBeGreaterThan(0);
    expect(through.code).toBe(direct.code);
    expect(told(through.out)).toEqual(told(direct.out));
    expect(told(through.out)).toMatchObject({ items: 32, wholeTable: true });
  });

  test.each(faultNames)("verify finds what is missing and extra through %s", async (name) => {
    const { folder, table } = await migrated();
    const [first, second] = await table.all();
    await table.put({ ...first, SK: "CONTENT#extra" });
    const { TableName, Key } = { TableName: table.name, Key: { PK: second?.PK, SK: second?.SK } };
    await table.client.send(new DeleteCommand({ TableName, Key }));
    const { proxy, flags } = await proxyTo(table);
    proxy.inject(everySeventh(wireFaults[name]));
    const args = ["verify", "firestore", folder, "--json", ...flags, ...concurrency];
    const { code, out } = await command(args);
    expect(hitsOf(proxy)).toBeGreaterThan(0);
    expect(code).toBe(1);
    const { summary } = told(out) as { summary: object };
    const found = { documents: size, same: size - 1, missing: 1, extra: 1, wrong: 0, rejected: 0 };
    expect(summary).toMatchObject(found);
  });

  test.each(["an end of the scan without a request id", "an item without a key"] as const)(
    "verify asks again, in each segment, for %s (it took it for the end)",
    async (name) => {
      const { folder, table } = await migrated();
      const [first] = await table.all();
      await table.put({ ...first, SK: "CONTENT#extra" });
      const { proxy, flags } = await proxyTo(table);
      proxy.inject({ ...wireFaults[name], times: 4 });
      const args = ["verify", "firestore", folder, "--json", ...flags, ...concurrency];
      const { out } = await command(args);
      expect(hitsOf(proxy)).toBe(4);
      const { summary } = told(out) as { summary: object };
      expect(summary).toMatchObject({ documents: size, same: size, missing: 0, extra: 1 });
    },
  );

  test("no reading command waits for an answer that stalls in its body", async () => {
    const { table } = await source();
    // What takes time here is waiting: all wait at once.
    const [examined, done] = await Promise.all([
      stalled(table, "Scan", (raw) =>
        examineTable(raw, { segments: 2, mostExamples: 1, now: Date.now() }),
      ),
      stalled(table, "Scan", async (raw) => {
        const folder = temporary();
        const run = await openRun<ExportState>({ command: "run", folder, fingerprint: "this" });
        return exportTable(raw, { folder, segments: 2, consistent: true, run });
      }),
    ]);
    expect(examined).toMatchObject({ items: 32, complete: true });
    expect(done).toMatchObject({ items: 32 });
  });
});
