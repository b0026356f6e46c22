/**
 * One process of several that want the same token: run by oauth.test.ts, with its task as JSON.
 * Prints when its callers have asked, and what each got.
 */
import { createDataLayer } from "../../../src/index.js";

export interface Task {
  readonly endpoint: string;
  readonly region: string;
  readonly tableName: string;
  readonly userId: string;
  /** Where the provider is. */
  readonly provider: string;
  readonly callers: number;
  readonly leaseMs: number;
}

async function main(task: Task): Promise<void> {
  const { endpoint, region, tableName } = task;
  const credentials = { accessKeyId: "test", secretAccessKey: "test" };
  const data = createDataLayer({
    environment: "development",
    endpoint,
    region,
    tableName,
    credentials,
  });
  const refresh = async (refreshToken: string) => {
    const answer = await fetch(task.provider, {
      method: "POST",
      body: new URLSearchParams({ grant_type: "refresh_token", refresh_token: refreshToken }),
    });
    const { access_token, expires_in } = (await answer.json()) as {
      access_token: string;
      expires_in: number;
    };
    return { accessToken: access_token, expiryDate: Date.now() + expires_in * 1000 };
  };
  const tokens = Array.from({ length: task.callers }, () =>
    data.oauth.validToken(task.userId, undefined, { refresh, leaseMs: task.leaseMs }),
  );
  console.log("asking");
  const values = (await Promise.all(tokens)).map(({ accessToken }) => accessToken);
  console.log(JSON.stringify(values));
  await data.close();
}

await main(JSON.parse(process.argv[2] ?? "") as Task);
