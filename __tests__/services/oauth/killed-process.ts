/**
 * One process of several that want the same tokens; it may kill itself at a step of a refresh. Run by
 * killed.test.ts with its task as JSON. Prints "ready", waits for a line, asks, and prints what it got.
 */
import { once } from "node:events";
import { createDataLayer } from "../../../src/index.js";
import { FaultyRequestHandler } from "../../../src/testing/index.js";

const steps = [
  "before the lease is asked for",
  "once the lease is taken",
  "before the provider is called",
  "once the provider has rotated, before its answer is read",
  "once the answer is read",
  "before the new token is sent to the table",
  "once the table has stored it, before that answer is read",
] as const;

export interface Task {
  readonly endpoint: string;
  readonly region: string;
  readonly tableName: string;
  readonly provider: string;
  readonly userIds: readonly string[];
  readonly leaseMs: number;
  readonly killedAt: (typeof steps)[number] | null;
}

/** What became of a user's call: the access token, or the error's text. */
export type Outcomes = Readonly<Record<string, { accessToken: string } | { error: string }>>;

async function main(task: Task): Promise<void> {
  const at = (step: (typeof steps)[number]) => {
    if (task.killedAt === step) process.kill(process.pid, "SIGKILL");
  };
  let updates = 0;
  class Killing extends FaultyRequestHandler {
    override async handle(...given: Parameters<FaultyRequestHandler["handle"]>) {
      const isUpdate = String(given[0].headers["x-amz-target"]).endsWith(".UpdateItem");
      if (!isUpdate) return super.handle(...given);
      updates += 1;
      at(updates === 1 ? steps[0] : steps[5]);
      // Once the head of the answer is here the engine has carried it out.
      const answer = await super.handle(...given);
      at(updates === 1 ? steps[1] : steps[6]);
      return answer;
    }
  }
  const data = createDataLayer({
    environment: "development",
    endpoint: task.endpoint,
    region: task.region,
    tableName: task.tableName,
    credentials: { accessKeyId: "test", secretAccessKey: "test" },
    ...(task.killedAt !== null && { requestHandler: new Killing() }),
  });
  const refresh = async (refreshToken: string, { userId }: { userId: string }) => {
    at(steps[2]);
    const body = JSON.stringify({ userId, refreshToken });
    const answer = await fetch(task.provider, { method: "POST", body });
    at(steps[3]);
    const token = (await answer.json()) as { accessToken: string; refreshToken: string };
    at(steps[4]);
    if (!answer.ok) throw new Error("invalid_grant");
    return { ...token, expiryDate: Date.now() + 3_600_000 };
  };
  console.log("ready");
  await once(process.stdin, "data");
  const outcomes = await Promise.all(
    task.userIds.map(async (userId) => {
      const options = { refresh, leaseMs: task.leaseMs };
      const outcome = await data.oauth.validToken(userId, undefined, options).then(
        ({ accessToken }) => ({ accessToken }),
        (error: unknown) => ({ error: String((error as Error).message) }),
      );
      return [userId, outcome];
    }),
  );
  console.log(JSON.stringify(Object.fromEntries(outcomes)));
  await data.close();
  process.stdin.destroy();
}

if (process.argv[2] !== undefined) await main(JSON.parse(process.argv[2]) as Task);
