import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import {
  chmodSync,
  existsSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { openRun, StateError, takeLock } from "../../../scripts/run/run-state.js";
import { failureOf } from "../../open.js";
import { hasFullDisk, isBoundByRights, temporaryFolder, testWhere } from "../run.js";

const temporary = temporaryFolder();

const options = (folder: string, fingerprint = "copy A to B") => ({
  command: "copy",
  folder,
  fingerprint,
});

describe("a run", () => {
  test("goes on from the state that was saved last", async () => {
    const folder = join(temporary(), "made", "for-it");
    const first = await openRun<{ at: number }>(options(folder));
    expect(first.state).toBeUndefined();
    await Promise.all([first.save({ at: 1 }), first.save({ at: 2 })]);
    await first.release();
    const second = await openRun<{ at: number }>(options(folder));
    expect(second.state).toEqual({ at: 2 });
    await second.finish();
    await second.release();
    const third = await openRun(options(folder));
    expect(third.state).toBeUndefined();
    await third.release();
    expect(readdirSync(folder)).toEqual([]);
  });

  test("refuses the checkpoint of something else, and says how to start over", async () => {
    const folder = temporary();
    const first = await openRun(options(folder));
    await first.save({ at: 1 });
    await first.release();
    const error = await failureOf(openRun(options(folder, "copy A to C")), StateError);
    expect(error.message).toContain("copy A to B");
    expect(error.message).toContain("copy A to C");
    expect(error.message).toContain("--restart");
    // The refusal let go of the lock.
    const again = await openRun({ ...options(folder, "copy A to C"), restart: true });
    expect(again.state).toBeUndefined();
    await again.release();
  });

  test.each([
    '{"fingerprint":',
    '{"fingerprint":"copy A to B"}',
    '{"state":{"at":1}}',
    "null",
    "[]",
  ])("refuses a file that is no checkpoint: %s", async (text) => {
    const folder = temporary();
    writeFileSync(join(folder, "copy.json"), text);
    const error = await failureOf(openRun(options(folder)), StateError);
    expect(error.message).toMatch(/copy\.json is not a checkpoint/);
    // What the parser said of a text that is no JSON.
    const told = error.cause === undefined ? "nothing" : (error.cause as Error).name;
    expect(told).toBe(text.endsWith(":") ? "SyntaxError" : "nothing");
  });

  test("keeps the state before where one cannot be saved", async () => {
    const folder = temporary();
    const run = await openRun<unknown>(options(folder));
    await run.save({ at: 1 });
    const hole: Record<string, unknown> = {};
    hole.self = hole;
    await expect(run.save(hole)).rejects.toThrow();
    await run.release();
    const again = await openRun(options(folder));
    expect(again.state).toEqual({ at: 1 });
    await again.release();
  });
});

describe("the lock", () => {
  test("refuses a second run, and names process and file", async () => {
    const folder = temporary();
    const first = await openRun(options(folder));
    const error = await failureOf(openRun(options(folder)), StateError);
    expect(error.message).toContain(`process ${process.pid}`);
    expect(error.message).toContain(join(folder, "copy.lock"));
    await first.release();
    await (await openRun(options(folder))).release();
  });

  test("of a process that is gone is taken over", async () => {
    const folder = temporary();
    const child = spawn(process.execPath, ["-e", ""]);
    const { pid } = child;
    await once(child, "exit");
    writeFileSync(join(folder, "copy.lock"), JSON.stringify({ pid, host: hostname() }));
    const run = await openRun(options(folder));
    expect(readFileSync(join(folder, "copy.lock"), "utf8")).toContain(`"pid":${process.pid}`);
    await run.release();
    expect(existsSync(join(folder, "copy.lock"))).toBe(false);
  });

  const hasProc = testWhere(existsSync("/proc/self/stat"), "there is no /proc");
  hasProc("of a process whose number another one has by now is taken over", async () => {
    const folder = temporary();
    const holder = { pid: process.pid, startedAt: "another boot 17", host: hostname() };
    writeFileSync(join(folder, "copy.lock"), JSON.stringify(holder));
    await (await openRun(options(folder))).release();
  });

  test("of another machine is respected", async () => {
    const folder = temporary();
    writeFileSync(join(folder, "copy.lock"), JSON.stringify({ pid: 1, host: "elsewhere" }));
    const error = await failureOf(openRun(options(folder)), StateError);
    expect(error.message).toContain("process 1 on elsewhere");
  });

  test("of a dead process goes to one of many that want it at once", async () => {
    const holder = { pid: 2 ** 30, host: hostname() };
    for (let round = 0; round < 50; round += 1) {
      const folder = temporary();
      writeFileSync(join(folder, "copy.lock"), JSON.stringify(holder));
      const tries = Array.from({ length: 20 }, () => takeLock(folder, "copy"));
      const results = await Promise.allSettled(tries);
      expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
      expect(readdirSync(folder)).toEqual(["copy.lock"]);
    }
  });

  test("of a dead process is taken over also where another one died while it did so", async () => {
    const folder = temporary();
    const text = JSON.stringify({ pid: 2 ** 30, host: hostname() });
    const hash = createHash("sha256").update(text).digest("hex").slice(0, 16);
    writeFileSync(join(folder, "copy.lock"), text);
    writeFileSync(join(folder, `copy.lock.${hash}`), text);
    await (await takeLock(folder, "copy")).release();
    expect(readdirSync(folder)).toEqual([]);
  });
});

describe("a folder that cannot be used", () => {
  test("is told where a file is in its place", async () => {
    const file = join(temporary(), "file");
    writeFileSync(file, "");
    const error = await failureOf(openRun(options(join(file, "below"))), StateError);
    expect(error.message).toMatch(
      /copy\.lock cannot be written: a part of its path is not a folder/,
    );
  });

  testWhere(...isBoundByRights)("is told where it may not be written", async () => {
    const folder = temporary();
    chmodSync(folder, 0o500);
    const error = await failureOf(openRun(options(folder)), StateError);
    expect(error.message).toContain("permission denied");
    chmodSync(folder, 0o700);
  });

  testWhere(...hasFullDisk)("is told where the disk is full", async () => {
    const folder = temporary();
    const run = await openRun(options(folder));
    symlinkSync("/dev/full", join(folder, "copy.json.new"));
    const error = await failureOf(run.save({ at: 1 }), StateError);
    expect(error.message).toMatch(/copy\.json cannot be written: the disk is full/);
    await run.release();
  });
});
