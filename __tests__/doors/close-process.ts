/**
 * A process that closes its data layer in the middle of its work, and then does nothing more: run by
 * close.test.ts, with its task as JSON. Prints what is open after `close`, and ends by itself or not.
 */
import { AbortedError, createDataLayer } from "../../src/index.js";

export interface Task {
  readonly endpoint: string;
  readonly region: string;
  readonly tableName: string;
  /** Calls at a time; more than the layer has sockets. */
  readonly callers: number;
  /** The work is stopped when so many calls have begun. */
  readonly calls: number;
}

export interface Outcome {
  /** Kinds of open resources before `close`, and some turns of the event loop after it. */
  readonly before: string[];
  readonly after: string[];
  /** How each caller's last call ended. */
  readonly ends: string[];
}

async function main({ callers, calls, ...place }: Task): Promise<void> {
  const credentials = { accessKeyId: "test", secretAccessKey: "test" };
  // On a slow machine a call is to be in work when the layer is closed, and not to have run out of time.
  const requestHandler = { connectionTimeout: 60_000, requestTimeout: 60_000 };
  const options = { environment: "development", credentials, requestHandler } as const;
  const data = createDataLayer({ ...options, ...place });
  let begun = 0;
  let reached = () => {
    // Replaced before the work begins.
  };
  const enough = new Promise<void>((resolve) => {
    reached = resolve;
  });
  const partition = { userId: "u1" };

  const work = [
    (n: number) => data.project.create({ ...partition, data: { name: `P${n}` } }),
    (n: number) => data.project.get({ ...partition, projectId: `p${n}` }),
    (n: number) => data.project.get({ ...partition, projectId: `p${n}` }, { timeoutMs: 60_000 }),
    () => data.savedContent.query(partition, { limit: 10 }),
    (n: number) =>
      data.project.batchPut([{ ...partition, projectId: `b${n}`, data: { name: "B" } }]),
    () => data.dashboard({ userId: "u1", agentId: "u1" }),
    () => data.table.wait(),
    async (n: number) => {
      // Left half read: of two pages, and in every other list without the fields that make a page of 1 MB.
      const options = n % 16 < 8 ? {} : { fields: [] };
      for await (const _ of data.project.list(partition, options)) return;
    },
  ];

  async function caller(n: number): Promise<string> {
    for (let turn = n; ; turn += 1) {
      begun += 1;
      if (begun >= calls) reached();
      try {
        await work[turn % work.length]?.(turn);
      } catch (error) {
        return error instanceof AbortedError || isUnprocessed(error)
          ? "ended"
          : `${(error as Error).name}: ${(error as Error).message}`;
      }
    }
  }

  const ends = Array.from({ length: callers }, (_, n) => caller(n));
  await enough;
  const before = process.getActiveResourcesInfo();
  await data.close();
  await data.close();
  const ended = await Promise.all(ends);
  // Sockets close in the next turns of the event loop.
  for (let turn = 0; turn < 10; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  const after = process.getActiveResourcesInfo();
  const outcome: Outcome = { before, after, ends: ended };
  process.stdout.write(JSON.stringify(outcome));
}

/** A batch names what it did not write, also where it was closed. */
function isUnprocessed(error: unknown): boolean {
  return (error as Error).message.includes("the data layer is closed");
}

await main(JSON.parse(process.argv[2] ?? "{}") as Task);
