/** A reader that is killed at any moment goes on from its file, and no change is left out. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import fc from "fast-check";
import { createTestDataLayer, make } from "../../src/testing/index.js";
import { built } from "../built.js";
import { tries } from "../properties/arbitraries.js";
import { describeStreams, useEngine } from "./stream.js";

const repository = resolve(__dirname, "../..");
const kills = 20;

describeStreams("a killed watch on $name", ({ engine: name }) => {
  const engine = useEngine(name);

  test("gives every change at least once, those of an item in order", async () => {
    const data = await createTestDataLayer({ engine: engine(), stream: true });
    const folder = mkdtempSync(join(tmpdir(), "watch-kill-"));
    const [log, place] = ["changes.jsonl", "place.json"].map((file) => join(folder, file));
    const delays = fc.sample(fc.integer({ min: 0, max: 400 }), { ...tries(kills), numRuns: kills });
    let written = 0;
    try {
      for (const delay of [...delays, undefined]) {
        const reader = spawn(
          process.execPath,
          [
            "--env-file=scripts/node.env",
            built(join(__dirname, "watch-kill-process.ts")),
            ...[engine().endpoint, data.table.name, log ?? "", place ?? ""],
          ],
          { cwd: repository, stdio: "ignore" },
        );
        const exited = once(reader, "exit");
        for (let n = 0; n < 10; n += 1) {
          written += 1;
          const key = { userId: "u1", contentId: `c${written % 3}` };
          await data.savedContent.put(
            make.savedContent({ ...key, data: { title: String(written) } }),
          );
        }
        if (delay === undefined) await until(() => seen(log).includes(written));
        // Not before it reads: most of its time is its start.
        else if (await until(() => existsSync(place ?? ""))) await sleep(delay);
        reader.kill("SIGKILL");
        await exited;
      }
      const numbers = seen(log);
      const all = Array.from({ length: written }, (_, at) => at + 1);
      expect(new Set(numbers)).toEqual(new Set(all));
      // What comes again comes in order again, so each item's changes rise but for these steps back.
      const fallbacks = numbers.filter((number, at) => number < (numbers[at - 1] ?? 0));
      expect(fallbacks.length).toBeLessThanOrEqual(kills);
    } finally {
      rmSync(folder, { recursive: true, force: true });
      await data.close();
    }
  }, 180_000);
});

/** The titles of the changes that were written down. */
function seen(log: string | undefined): number[] {
  if (log === undefined || !existsSync(log)) return [];
  const lines = readFileSync(log, "utf8").trimEnd().split("\n");
  return lines.map((line) => {
    const { after } = JSON.parse(line) as { readonly after: { data: { title: string } } };
    return Number(after.data.title);
  });
}

async function until(isDone: () => boolean): Promise<true> {
  for (let looks = 0; looks < 1_200; looks += 1) {
    if (isDone()) return true;
    await sleep(50);
  }
  throw new Error("it takes more than a minute");
}
