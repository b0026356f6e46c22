import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import type { DataLayer } from "../../../src/data-layer.js";
import type { TestDataLayer } from "../../../src/testing/index.js";
import { settings } from "../../engines.js";
import { frozen, hour, openTokens } from "./open-tokens.js";

describe.each(settings)("OAuth leases on $name", (engine) => {
  const opened = openTokens(engine);
  const { clock, rawToken, stored, seed, provider, anotherLayer, table } = opened;
  let data: TestDataLayer;
  let userId = "";
  beforeEach(() => {
    ({ data, userId } = opened);
  });

  describe("leases", () => {
    test.each([
      [0.5, 1, frozen + 0.5],
      [2 ** 30 + 1, 2 ** 30 + 1, frozen + 2 ** 30 + 1],
      [2 ** 31 - 1, 2 ** 31 - 1, frozen + 2 ** 31 - 1],
      // A longer timer would fire at once.
      [2 ** 31, 2 ** 31 - 1, frozen + 2 ** 31],
      [1e300, 2 ** 31 - 1, 1e13 - 1],
    ])("a lease of %p ms ends the refresh after %p ms", async (leaseMs, timerMs, until) => {
      await seed();
      const delays: unknown[] = [];
      const timer = jest.spyOn(globalThis, "setTimeout");
      let lease: unknown;
      const refresh = async () => {
        delays.push(...timer.mock.calls.map(([, delay]) => delay));
        lease = (await rawToken())?.LeaseUntil;
        return { accessToken: "new-access", expiryDate: frozen + hour };
      };
      try {
        await data.oauth.validToken(userId, undefined, { refresh, leaseMs });
      } finally {
        timer.mockRestore();
      }
      // The last timer before the provider is asked.
      expect(delays.at(-1)).toBe(timerMs);
      expect(lease).toBe(until);
    });

    test("two data layers refresh once, and the loser waits and reads", async () => {
      await seed();
      const other = anotherLayer();
      let running = 0;
      let most = 0;
      const refresh = jest.fn(async () => {
        running += 1;
        most = Math.max(most, running);
        await sleep(100);
        running -= 1;
        return { accessToken: "new-access", expiryDate: frozen + hour };
      });
      const tokens = await Promise.all(
        [data, other, data, other].map((layer: DataLayer) =>
          layer.oauth.validToken(userId, undefined, { refresh }),
        ),
      );
      await other.close();
      expect(new Set(tokens.map(({ accessToken }) => accessToken))).toEqual(
        new Set(["new-access"]),
      );
      expect(refresh).toHaveBeenCalledTimes(1);
      expect(most).toBe(1);
    });

    test("after a failed refresh the next in line tries by itself", async () => {
      await seed();
      const other = anotherLayer();
      const failure = new Error("once");
      let claimed = () => {};
      const asked = new Promise<void>((resolve) => {
        claimed = resolve;
      });
      const failing = data.oauth.validToken(userId, undefined, {
        refresh: async () => {
          claimed();
          await sleep(50);
          throw failure;
        },
      });
      const refresh = provider();
      const outcomes = await Promise.allSettled([
        failing,
        asked.then(() => other.oauth.validToken(userId, undefined, { refresh })),
      ]);
      await other.close();
      expect(outcomes).toMatchObject([
        { status: "rejected", reason: failure },
        { status: "fulfilled", value: { accessToken: "new-access" } },
      ]);
      expect(refresh).toHaveBeenCalledTimes(1);
    });

    test("a lease holds until it lapses, and is then taken over", async () => {
      await seed();
      await table.raw.put({
        ...(await rawToken()),
        LeaseHolder: "a process that died",
        LeaseUntil: frozen + 1_000,
      });
      const refresh = provider();
      let asked = false;
      const waiting = data.oauth.validToken(userId, undefined, { refresh }).finally(() => {
        asked = true;
      });
      await sleep(450);
      expect([asked, refresh.mock.calls.length]).toEqual([false, 0]);
      clock.time = frozen + 1_001;
      expect((await waiting).accessToken).toBe("new-access");
      expect(refresh).toHaveBeenCalledTimes(1);
      expect(
        Object.keys((await rawToken()) ?? {}).filter((name) => name.startsWith("Lease")),
      ).toEqual([]);
    });

    test("a stored token is read by get, and replaced by a consent, while another holds the lease", async () => {
      await seed();
      await table.raw.put({ ...(await rawToken()), LeaseHolder: "h", LeaseUntil: frozen + hour });
      expect((await data.oauth.get(userId))?.data).toEqual(stored());
      await data.oauth.store(userId, undefined, {
        accessToken: "new-access",
        expiryDate: frozen + hour,
      });
      const refresh = provider();
      const token = await data.oauth.validToken(userId, undefined, { refresh });
      expect(token.accessToken).toBe("new-access");
      expect(refresh).not.toHaveBeenCalled();
    });

    test("the refresh is told when its lease lapses, and a late answer replaces no newer token", async () => {
      await seed();
      const other = anotherLayer();
      clock.now = Date.now;
      const expiryDate = Date.now() + hour;
      let [claimed, done] = [() => {}, () => {}];
      const asked = new Promise<void>((resolve) => {
        claimed = resolve;
      });
      const taken = new Promise<void>((resolve) => {
        done = resolve;
      });
      const slow = data.oauth.validToken(userId, undefined, {
        leaseMs: 500,
        refresh: async (_, { signal }) => {
          claimed();
          expect(signal.aborted).toBe(false);
          await taken;
          // Its timer is this process's own: on a busy machine it may come after the other's answer.
          if (!signal.aborted) await once(signal, "abort");
          return { accessToken: "late-access", expiryDate };
        },
      });
      await asked;
      const refresh = provider({
        accessToken: "new-access",
        refreshToken: "new-refresh",
        expiryDate,
      });
      const next = await other.oauth.validToken(userId, undefined, { refresh });
      done();
      expect(next.accessToken).toBe("new-access");
      expect((await slow).accessToken).toBe("new-access");
      await other.close();
      expect((await rawToken())?.Data).toEqual(next);
    });
  });
});
