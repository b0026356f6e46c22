import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { built } from "../../built.js";
import { variableOf } from "../../encryption/keys.js";
import { settings } from "../../engines.js";
import { openTable } from "../../open.js";
import type { Task } from "./oauth-process.js";
import { hour } from "./open-tokens.js";

describe("OAuth tokens of several processes", () => {
  const engine = settings.at(-1);
  const table = openTable(engine!);
  let server: Server;
  let requests: string[] = [];
  /** Held back while it is set. */
  let hold: Promise<void> | undefined;

  beforeAll(async () => {
    server = createServer(async (request, response) => {
      let body = "";
      for await (const chunk of request) body += String(chunk);
      requests.push(body);
      const number = requests.length;
      await (hold ?? sleep(300));
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify({ access_token: `new-access-${number}`, expires_in: 3600 }));
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });
  beforeEach(() => {
    requests = [];
    hold = undefined;
  });

  const start = (task: Pick<Task, "userId" | "callers" | "leaseMs">): ChildProcess => {
    const { engine: running, configuration } = table.data;
    const { port } = server.address() as AddressInfo;
    const whole: Task = {
      ...task,
      endpoint: running.endpoint,
      region: running.region,
      tableName: configuration.tableName,
      provider: `http://127.0.0.1:${port}/token`,
    };
    const script = built(join(__dirname, "oauth-process.ts"));
    return spawn(process.execPath, [script, JSON.stringify(whole)], {
      stdio: ["ignore", "pipe", "inherit"],
      env: {
        ...process.env,
        AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true",
        COAGENT_ENCRYPTION_KEYS: variableOf(engine?.encryption),
      },
    });
  };
  /** Resolves when its callers have asked, with a promise of what they get. */
  const asking = (child: ChildProcess): Promise<{ outcome: Promise<string[]> }> => {
    const closed = once(child, "close");
    let text = "";
    const outcome = closed.then(([code]) => {
      expect(code).toBe(0);
      return JSON.parse(text.slice("asking\n".length)) as string[];
    });
    return new Promise((resolve) => {
      child.stdout?.on("data", (chunk) => {
        text += String(chunk);
        if (text.startsWith("asking\n")) resolve({ outcome });
      });
    });
  };
  const seed = (userId: string) =>
    table.data.oauth.store(userId, undefined, {
      accessToken: "old-access",
      refreshToken: "old-refresh",
      expiryDate: Date.now() - 1,
    });

  test("3 processes with 20 callers each refresh once, and all get the new token", async () => {
    await seed("many");
    // Held until all three have asked: the provider answers no one before they do.
    let open = () => {};
    hold = new Promise((resolve) => {
      open = resolve;
    });
    const children = [1, 2, 3].map(() => start({ userId: "many", callers: 20, leaseMs: 30_000 }));
    const asked = await Promise.all(children.map(asking));
    while (requests.length === 0) await sleep(20);
    // Time for those who lose the claim to come back and ask again.
    await sleep(500);
    open();
    const outputs = await Promise.all(asked.map(({ outcome }) => outcome));
    expect(outputs.flat()).toEqual(Array(60).fill("new-access-1"));
    expect(requests).toEqual(["grant_type=refresh_token&refresh_token=old-refresh"]);
    const token = await table.data.oauth.get("many");
    expect(token?.data).toMatchObject({ accessToken: "new-access-1", refreshToken: "old-refresh" });
  });

  test("a holder that is killed in mid-refresh holds nobody up for longer than its lease", async () => {
    await seed("killed");
    hold = new Promise(() => undefined);
    const holder = start({ userId: "killed", callers: 1, leaseMs: 4_000 });
    while (requests.length === 0) await sleep(20);
    holder.kill("SIGKILL");
    await once(holder, "close");
    const raw = await table.raw.get("OAUTH#killed", "GOOGLE_BUSINESS");
    const until = Number(raw?.LeaseUntil);
    expect(until).toBeGreaterThan(Date.now());
    hold = undefined;
    const refresh = jest.fn(async () => ({
      accessToken: "new-access",
      expiryDate: Date.now() + hour,
    }));
    const token = await table.data.oauth.validToken("killed", undefined, { refresh });
    expect(token.accessToken).toBe("new-access");
    expect(Date.now()).toBeGreaterThanOrEqual(until);
    expect([refresh.mock.calls.length, requests.length]).toEqual([1, 1]);
  });
});
