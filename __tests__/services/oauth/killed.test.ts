/** What of a refresh is lost when its process is killed, at each of its steps. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { built } from "../../built.js";
import { variableOf } from "../../encryption/keys.js";
import { settings } from "../../engines.js";
import { openTable } from "../../open.js";
import type { Outcomes, Task } from "./killed-process.js";
import { hour } from "./open-tokens.js";
import type { Grant } from "./provider-process.js";

const leaseMs = 4_000;

/** Each step, and whether the refresh token is lost there: the provider rotated it, and no store had it. */
const steps: readonly [Task["killedAt"], boolean][] = [
  ["before the lease is asked for", false],
  ["once the lease is taken", false],
  ["before the provider is called", false],
  ["once the provider has rotated, before its answer is read", true],
  ["once the answer is read", true],
  ["before the new token is sent to the table", true],
  ["once the table has stored it, before that answer is read", false],
];
const userOf = (step: Task["killedAt"]) => `killed-${steps.findIndex(([one]) => one === step)}`;

describe("a process that is killed in mid-refresh, beside three others", () => {
  const engine = settings.at(-1);
  const table = openTable(engine!);
  const children: ChildProcess[] = [];
  let provider = "";
  let outcomes: Outcomes[] = [];
  let grants: Record<string, Grant> = {};
  const leases = new Map<string, number>();

  const start = (script: string, ...given: string[]): ChildProcess => {
    const child = spawn(process.execPath, [built(join(__dirname, script)), ...given], {
      stdio: ["pipe", "pipe", "inherit"],
      env: {
        ...process.env,
        AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true",
        COAGENT_ENCRYPTION_KEYS: variableOf(engine?.encryption),
      },
    });
    children.push(child);
    return child;
  };
  const startTask = (task: Pick<Task, "userIds" | "killedAt">) => {
    const { engine: running, configuration } = table.data;
    const whole: Task = {
      ...task,
      leaseMs,
      provider,
      endpoint: running.endpoint,
      region: running.region,
      tableName: configuration.tableName,
    };
    return start("killed-process.ts", JSON.stringify(whole));
  };
  const rawToken = (userId: string) => table.raw.get(`OAUTH#${userId}`, "GOOGLE_BUSINESS");
  const go = (child: ChildProcess) => child.stdin?.write("go\n");

  beforeAll(async () => {
    const stub = start("provider-process.ts");
    const [port] = await once(stub.stdout!, "data");
    provider = `http://127.0.0.1:${String(port).trim()}/token`;
    const userIds = steps.map(([step]) => userOf(step));
    for (const userId of userIds) {
      await table.data.oauth.store(userId, undefined, {
        accessToken: `${userId}-access-0`,
        refreshToken: `${userId}-refresh-0`,
        expiryDate: Date.now() - 1,
        agentProfileId: "main",
      });
    }
    const others = [1, 2, 3].map(() => startTask({ userIds, killedAt: null }));
    const victims = steps.map(([killedAt]) => startTask({ userIds: [userOf(killedAt)], killedAt }));
    const ready = [...others, ...victims].map(({ stdout }) => once(stdout!, "data"));
    await Promise.all(ready);
    const deaths = victims.map((victim) => once(victim, "close"));
    victims.forEach(go);
    expect(await Promise.all(deaths)).toEqual(steps.map(() => [null, "SIGKILL"]));
    for (const userId of userIds) {
      const until = (await rawToken(userId))?.LeaseUntil;
      if (until !== undefined) leases.set(userId, Number(until));
    }
    const texts = others.map(async ({ stdout }) => {
      let text = "";
      for await (const chunk of stdout!) text += String(chunk);
      return JSON.parse(text) as Outcomes;
    });
    others.forEach(go);
    outcomes = await Promise.all(texts);
    grants = (await (await fetch(provider)).json()) as Record<string, Grant>;
  });
  afterAll(() => {
    for (const child of children) child.kill("SIGKILL");
  });

  test.each(steps)("%s: is the refresh token lost? %p", async (step, isLost) => {
    const userId = userOf(step);
    const grant = grants[userId];
    const stored = (await table.data.oauth.get(userId))?.data;
    const got = outcomes.map((all) => all[userId]);
    expect(got).toHaveLength(3);
    // Nothing of the item is lost in any case.
    expect(stored?.agentProfileId).toBe("main");
    expect(await rawToken(userId)).not.toHaveProperty("LeaseHolder");
    if (isLost) {
      // Nobody is given the old token, nor one that nobody has: all hear what the provider says.
      expect(got).toEqual(Array(3).fill({ error: "invalid_grant" }));
      expect(grant?.refreshToken).toBe(`${userId}-refresh-1`);
      expect(stored).toMatchObject({
        accessToken: `${userId}-access-0`,
        refreshToken: `${userId}-refresh-0`,
      });
      expect(stored?.expiryDate).toBeLessThan(Date.now());
      // A new consent makes it well again.
      const consent = { refreshToken: grant?.refreshToken, expiryDate: Date.now() + hour };
      await table.data.oauth.store(userId, undefined, { accessToken: "consented", ...consent });
      const refresh = () => Promise.reject(new Error("not needed"));
      const token = await table.data.oauth.validToken(userId, undefined, { refresh });
      expect(token.accessToken).toBe("consented");
    } else {
      // One refresh, by the others or by the dead one, and its tokens are what all hold.
      expect(got).toEqual(Array(3).fill({ accessToken: `${userId}-access-1` }));
      expect(grant).toMatchObject({
        accessToken: `${userId}-access-1`,
        refreshToken: `${userId}-refresh-1`,
      });
      expect(stored?.refreshToken).toBe(`${userId}-refresh-1`);
      expect(grant?.requests.filter(({ granted }) => granted)).toHaveLength(1);
    }
  });

  test("the others ask the provider once the lease of the dead is over, and not before", () => {
    // All steps between the lease and the store leave it taken.
    expect([...leases.keys()]).toEqual(steps.slice(1, 6).map(([step]) => userOf(step)));
    for (const [userId, until] of leases) {
      const { requests = [] } = grants[userId] ?? {};
      const byOthers = requests.slice(
        steps.some(([step, lost]) => lost && userOf(step) === userId) ? 1 : 0,
      );
      expect(byOthers.length).toBeGreaterThan(0);
      for (const { at } of byOthers) expect(at).toBeGreaterThanOrEqual(until);
    }
  });
});
