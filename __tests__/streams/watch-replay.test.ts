/** A process that reads the stream, killed and started again while others write. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { createTestDataLayer, make, type TestDataLayer } from "../../src/testing/index.js";
import { built } from "../built.js";
import { describeStreams } from "./stream.js";

interface Line {
  readonly entity: string;
  readonly kind: string;
  readonly key: object;
  readonly before: object | null;
  readonly after: object | null;
  readonly id: string;
}

const process = built(join(__dirname, "watch-process.ts"));
const idOf = ({ entity, key }: Pick<Line, "entity" | "key">) => JSON.stringify([entity, key]);

/** Writes for a while: single writes, batches and transactions, of two users at once. */
async function write(data: TestDataLayer, rounds: number): Promise<void> {
  const of = async (userId: string) => {
    for (let round = 0; round < rounds; round += 1) {
      const contentId = `c${round % 4}`;
      const content = make.savedContent({ userId, contentId, data: { title: `${round}` } });
      await data.savedContent.put(content);
      await data.project.batchPut(
        ["p1", "p2"].map((projectId) =>
          make.project({ userId, projectId, data: { name: `${round}` } }),
        ),
      );
      if (round % 3 === 0) await data.savedContent.delete({ userId, contentId });
      await data.transaction.write((tx) => [
        tx.project.update({ userId, projectId: "p1" }, { name: `again ${round}` }),
        round % 2 === 0
          ? tx.project.delete({ userId, projectId: "p2" })
          : tx.savedContent.put(content),
      ]);
    }
  };
  await Promise.all([of("u1"), of("u2")]);
}

describeStreams("a reader on $name", ({ engine }) => {
  test("that is killed again and again loses no change, and its replay ends in the table's items", async () => {
    const folder = mkdtempSync(join(tmpdir(), "watch-kill-"));
    const data = await createTestDataLayer({ engine, stream: true });
    const file = join(folder, "changes");
    const lines = (): Line[] => {
      // The last line may be cut off by the kill.
      const whole = existsSync(file) ? readFileSync(file, "utf8").split("\n") : [];
      return whole.flatMap((text) => {
        try {
          return [JSON.parse(text) as Line];
        } catch {
          return [];
        }
      });
    };
    let child: ChildProcess | undefined;
    const start = () => {
      const given = [data.engine.endpoint, data.table.name, folder];
      child = spawn(globalThis.process.execPath, [process, ...given], {
        stdio: ["ignore", "ignore", "inherit"],
      });
      return child;
    };
    /** Waits until the reader has come so far. */
    const until = async (isReached: () => boolean) => {
      while (!isReached()) {
        if (child?.exitCode !== null) throw new Error("the reader has ended by itself");
        await sleep(10);
      }
    };
    try {
      for (const count of [1, 25, 60]) {
        const killed = async () => {
          const running = start();
          await until(() => lines().length >= count);
          running.kill("SIGKILL");
          await once(running, "exit");
        };
        await Promise.all([write(data, 6), killed()]);
        // What is written while nobody reads is in the stream.
        await write(data, 1);
      }
      await data.review.create(make.review({ reviewId: "last" }));
      const running = start();
      await until(() => lines().some(({ entity }) => entity === "review"));
      running.kill("SIGKILL");
      await once(running, "exit");

      const all = lines();
      const items = new Map<string, object>();
      for (const line of all) {
        if (line.after === null) items.delete(idOf(line));
        else items.set(idOf(line), line.after);
      }
      const stored = new Map<string, object>();
      for (const entity of ["savedContent", "project", "review"] as const) {
        for await (const page of data[entity].scan()) {
          for (const item of page.items) {
            const { userId, contentId, projectId, agentId, reviewId } = item as never;
            const key = JSON.parse(
              JSON.stringify({ userId, contentId, projectId, agentId, reviewId }),
            );
            stored.set(idOf({ entity, key }), item);
          }
        }
      }
      expect(items).toEqual(stored);

      // Each change of the table is there at least once, and without repetitions in the order of its item.
      const changes = await data.changes();
      expect(new Set(all.map((line) => line.id))).toEqual(new Set(changes.map(({ id }) => id)));
      for (const id of new Set(changes.map(idOf))) {
        const first = [...new Set(all.filter((line) => idOf(line) === id).map((line) => line.id))];
        expect(first).toEqual(changes.filter((one) => idOf(one) === id).map((one) => one.id));
      }
      expect(all.length).toBeGreaterThanOrEqual(changes.length);
    } finally {
      child?.kill("SIGKILL");
      await data.close();
      rmSync(folder, { recursive: true, force: true });
    }
  }, 180_000);
});
