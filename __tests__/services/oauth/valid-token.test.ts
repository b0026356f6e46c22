import { setTimeout as sleep } from "node:timers/promises";
import type { RefreshedToken } from "../../../services/oauth/options.js";
import { AbortedError } from "../../../src/errors/aborted-error.js";
import { DynamoDBError } from "../../../src/errors/dynamodb-error.js";
import { ItemNotFoundError } from "../../../src/errors/item-not-found-error.js";
import { ValidationError } from "../../../src/errors/validation-error.js";
import type { TestDataLayer } from "../../../src/testing/index.js";
import { settings } from "../../engines.js";
import { failureOf } from "../../open.js";
import { lost, refused } from "../recorder.js";
import { frozen, hour, openTokens, secrets, shownOf } from "./open-tokens.js";

describe.each(settings)("validToken on $name", (engine) => {
  const opened = openTokens(engine);
  const { wire, clock, rawToken, stored, seed, provider, table } = opened;
  let data: TestDataLayer;
  let userId = "";
  beforeEach(() => {
    ({ data, userId } = opened);
  });

  describe("validToken", () => {
    test("a token that is valid is one read, however many ask", async () => {
      await seed({ expiryDate: frozen + hour });
      const refresh = provider();
      const one = await data.oauth.validToken(userId, undefined, { refresh });
      expect(one).toEqual(stored({ expiryDate: frozen + hour }));
      expect(wire.names).toEqual(["GetItem"]);
      expect(wire.asked[0]?.input.ConsistentRead).toBe(true);
      wire.clear();
      await Promise.all(
        Array.from({ length: 50 }, () => data.oauth.validToken(userId, undefined, { refresh })),
      );
      expect(wire.names).toEqual(["GetItem"]);
      expect(refresh).not.toHaveBeenCalled();
    });

    test("an expired one is one read, one claim, one refresh and one store", async () => {
      await seed({ expiryDate: frozen - 1, scope: "business" });
      const before = await rawToken();
      const refresh = provider();
      const token = await data.oauth.validToken(userId, undefined, { refresh });
      expect(wire.names).toEqual(["GetItem", "UpdateItem", "UpdateItem"]);
      expect(wire.asked.slice(1).every(({ input }) => "ConditionExpression" in input)).toBe(true);
      expect(refresh).toHaveBeenCalledTimes(1);
      expect(refresh).toHaveBeenCalledWith("old-refresh", {
        userId,
        provider: "GOOGLE_BUSINESS",
        signal: expect.any(AbortSignal),
      });
      const expected = stored({
        accessToken: "new-access",
        expiryDate: frozen + hour,
        scope: "business",
      });
      expect(token).toEqual(expected);
      expect(await rawToken()).toEqual({ ...before, Data: expected, UpdatedAt: frozen });
    });

    const expired: [string, object][] = [
      ["missing", { expiryDate: undefined }],
      ["null", { expiryDate: null }],
      ["a date as text", { expiryDate: "2099-01-01T00:00:00.000Z" }],
      ["a number as text", { expiryDate: String(frozen + hour) }],
      ["NaN as text", { expiryDate: "NaN" }],
      ["a timestamp", { expiryDate: { _seconds: 4_000_000_000, _nanoseconds: 0 } }],
      [
        "a typed timestamp",
        { expiryDate: { type: "firestore/timestamp/1.0", seconds: 4e9, nanoseconds: 0 } },
      ],
      ["in seconds", { expiryDate: (frozen + hour) / 1000 }],
      ["this millisecond", { expiryDate: frozen }],
      ["within the margin", { expiryDate: frozen + 60_000 }],
      ["of an empty token", { expiryDate: frozen + hour, accessToken: "" }],
    ];
    test.each(expired)("an expiry that is %s counts as expired", async (_, token) => {
      await table.raw.put({
        PK: `OAUTH#${userId}`,
        SK: "GOOGLE_BUSINESS",
        EntityType: "OAuthToken",
        Data: JSON.parse(JSON.stringify(stored(token))) as object,
        CreatedAt: 1,
        UpdatedAt: 1,
      });
      const refresh = provider();
      const { accessToken } = await data.oauth.validToken(userId, undefined, { refresh });
      expect(accessToken).toBe("new-access");
      expect(refresh).toHaveBeenCalledTimes(1);
    });

    test("the margin is a minute if the caller gives none, not a millisecond more", async () => {
      await seed({ expiryDate: frozen + 60_001 });
      const refresh = provider();
      const token = await data.oauth.validToken(userId, undefined, { refresh });
      expect(token.accessToken).toBe("old-access");
      expect(refresh).not.toHaveBeenCalled();
      clock.time += 1;
      await data.oauth.validToken(userId, undefined, { refresh });
      expect(refresh).toHaveBeenCalledTimes(1);
    });

    test("the margin is the caller's, also beside callers with another", async () => {
      await seed({ expiryDate: frozen + 90_000 });
      const refresh = provider();
      const within = { refresh, marginMs: 89_999 };
      const beyond = { refresh, marginMs: 90_000 };
      expect((await data.oauth.validToken(userId, undefined, within)).accessToken).toBe(
        "old-access",
      );
      expect(refresh).not.toHaveBeenCalled();
      const [one, other] = await Promise.all([
        data.oauth.validToken(userId, undefined, within),
        data.oauth.validToken(userId, undefined, beyond),
      ]);
      expect(one.expiryDate).toBeGreaterThan(frozen + 89_999);
      expect(other).toMatchObject({ accessToken: "new-access", expiryDate: frozen + hour });
      expect(refresh).toHaveBeenCalledTimes(1);
    });

    test("100 callers of one process, scoped ones too, are one refresh", async () => {
      await seed();
      const refresh = provider();
      const scope = data.forUser(userId);
      const tokens = await Promise.all(
        Array.from({ length: 100 }, (_, index) =>
          index % 2 === 0
            ? data.oauth.validToken(userId, undefined, { refresh })
            : scope.oauth.validToken("GOOGLE_BUSINESS", { refresh }),
        ),
      );
      expect(new Set(tokens.map(({ accessToken }) => accessToken))).toEqual(
        new Set(["new-access"]),
      );
      expect(refresh).toHaveBeenCalledTimes(1);
      expect(wire.names).toEqual(["GetItem", "UpdateItem", "UpdateItem"]);
    });

    test("users and providers do not wait for each other", async () => {
      await seed();
      await data.oauth.store(userId, "LINKEDIN", stored());
      let end = (_: RefreshedToken) => {};
      const late = () =>
        new Promise<RefreshedToken>((resolve) => {
          end = resolve;
        });
      const hanging = data.oauth.validToken(userId, undefined, { refresh: late, timeoutMs: 300 });
      const refresh = provider();
      await data.oauth.validToken(userId, "LINKEDIN", { refresh });
      expect(refresh.mock.calls[0]?.[1]).toMatchObject({ provider: "LINKEDIN" });
      await expect(hanging).rejects.toMatchObject({ name: "TimeoutError" });
      // Or closing the table would wait for it.
      end({ accessToken: "new-access", expiryDate: frozen + hour });
    });

    test.each([
      { answer: { refreshToken: "new-refresh" }, kept: "new-refresh" },
      { answer: {}, kept: "old-refresh" },
      { answer: { refreshToken: null }, kept: "old-refresh" },
      { answer: { refreshToken: "" }, kept: "old-refresh" },
    ])("a refresh that brings $answer leaves $kept", async ({ answer, kept }) => {
      await seed();
      const refresh = provider({ accessToken: "new-access", expiryDate: frozen + hour, ...answer });
      const token = await data.oauth.validToken(userId, undefined, { refresh });
      expect(token.refreshToken).toBe(kept);
      expect((await rawToken())?.Data).toEqual(token);
      expect((await data.oauth.get(userId))?.createdAt).toBe(frozen - 24 * hour);
    });

    test("what is returned is what is stored, whatever else the provider said", async () => {
      await seed();
      const refresh = provider({
        accessToken: "new-access",
        expiryDate: frozen + hour,
        scope: "all",
        raw: new Response(),
      });
      const token = await data.oauth.validToken(userId, undefined, { refresh });
      expect(token).toEqual(stored({ accessToken: "new-access", expiryDate: frozen + hour }));
      expect((await rawToken())?.Data).toEqual(token);
    });

    test.each([undefined, null, Number.NaN, Number.POSITIVE_INFINITY])(
      "a refresh that brings the expiry %p is stored with its rotated token, and is asked for again",
      async (expiryDate) => {
        await seed();
        const refresh = provider({
          accessToken: "new-access",
          refreshToken: "new-refresh",
          expiryDate,
        });
        const token = await data.oauth.validToken(userId, undefined, { refresh });
        expect(token).toMatchObject({
          accessToken: "new-access",
          refreshToken: "new-refresh",
          expiryDate: null,
        });
        await data.oauth.validToken(userId, undefined, { refresh });
        expect(refresh.mock.calls.map(([refreshToken]) => refreshToken)).toEqual([
          "old-refresh",
          "new-refresh",
        ]);
      },
    );

    test.each([
      undefined,
      null,
      "new-access",
      {},
      { accessToken: "" },
      { accessToken: 5 },
      { accessToken: "new-access", refreshToken: 5 },
    ])("a refresh that brings %p is refused, and changes nothing", async (answer) => {
      await seed();
      const before = await rawToken();
      const error = await failureOf(
        data.oauth.validToken(userId, undefined, { refresh: async () => answer as never }),
        ValidationError,
      );
      expect(error.message).toMatch(
        new RegExp(
          `^oauth\\.validToken OAuthToken \\(userId=${userId}, provider=GOOGLE_BUSINESS\\): refresh\\(\\)`,
        ),
      );
      expect(shownOf(error)).not.toMatch(secrets);
      expect(await rawToken()).toEqual(before);
    });

    test("a refresh that throws leaves the item as it was and throws the very same, to all that wait", async () => {
      await seed();
      const before = await rawToken();
      const thrown = [
        new Error("no"),
        Object.freeze(new TypeError("frozen")),
        "text",
        null,
        undefined,
      ];
      for (const one of thrown) {
        const refresh = jest.fn(() => Promise.reject(one));
        const outcomes = await Promise.allSettled(
          Array.from({ length: 5 }, () => data.oauth.validToken(userId, undefined, { refresh })),
        );
        for (const outcome of outcomes) {
          expect(outcome.status).toBe("rejected");
          expect((outcome as PromiseRejectedResult).reason).toBe(one);
        }
        expect(refresh).toHaveBeenCalledTimes(1);
        expect(await rawToken()).toEqual(before);
      }
      const synchronous = new Error("thrown, not rejected");
      const refresh = () => {
        throw synchronous;
      };
      const promise = data.oauth.validToken(userId, undefined, { refresh: refresh as never });
      await expect(promise).rejects.toBe(synchronous);
      // The lease was given back: nobody waits.
      wire.clear();
      await data.oauth.validToken(userId, undefined, { refresh: provider() });
      expect(wire.names).toEqual(["GetItem", "UpdateItem", "UpdateItem"]);
    });

    test("a lease that cannot be given back hides no failure of the refresh", async () => {
      await seed();
      const failure = new Error("invalid_grant");
      const refresh = async () => {
        wire.intercept = () => refused("ThrottlingException");
        throw failure;
      };
      await expect(data.oauth.validToken(userId, undefined, { refresh })).rejects.toBe(failure);
      wire.clear();
      expect((await rawToken())?.Data).toEqual(stored());
    });

    test("without a refresh token the user must consent again: nothing is claimed", async () => {
      for (const refreshToken of ["", null, undefined]) {
        await data.oauth.remove(userId);
        await seed({ refreshToken });
        const refresh = provider();
        const error = await failureOf(
          data.oauth.validToken(userId, undefined, { refresh }),
          DynamoDBError,
        );
        expect(error.code).toBe("RefreshTokenMissing");
        expect(error.message).toBe(
          `oauth.validToken OAuthToken (userId=${userId}, provider=GOOGLE_BUSINESS): the token expired and there is no refresh token: the user must consent again`,
        );
        expect(error.retryable).toBe(false);
        expect(shownOf(error)).not.toMatch(secrets);
        expect(refresh).not.toHaveBeenCalled();
        expect(wire.names).toEqual(["GetItem"]);
      }
    });

    test("where no token is stored it is not found", async () => {
      const error = await failureOf(
        data.oauth.validToken(userId, "LINKEDIN", { refresh: provider() }),
        ItemNotFoundError,
      );
      expect(error.message).toBe(
        `oauth.validToken OAuthToken (userId=${userId}, provider=LINKEDIN): no such item`,
      );
    });

    test("wrong options are refused before anything is sent", async () => {
      const refresh = provider();
      const wrong: [unknown, string][] = [
        [undefined, "refresh must be a function"],
        [{}, "refresh must be a function"],
        [{ refresh, marginMs: -1 }, "marginMs must be"],
        [{ refresh, marginMs: "1" }, "marginMs must be"],
        [{ refresh, leaseMs: 0 }, "leaseMs must be"],
        [{ refresh, leaseMs: Number.NaN }, "leaseMs must be"],
        [{ refresh, timeoutMs: 0 }, "timeoutMs must be"],
        [{ refresh, signal: {} }, "signal must be"],
      ];
      for (const [options, message] of wrong) {
        const error = await failureOf(
          data.oauth.validToken(userId, undefined, options as never),
          ValidationError,
        );
        expect(error.message).toContain(message);
      }
      await failureOf(data.oauth.validToken("", undefined, { refresh }), ValidationError);
      expect(wire.names).toEqual([]);
      expect(refresh).not.toHaveBeenCalled();
    });
  });

  describe("callers that leave", () => {
    test("an abort or a deadline ends the wait of one, and the refresh of nobody", async () => {
      await seed();
      let finish = () => {};
      const refresh = jest.fn(
        () =>
          new Promise<RefreshedToken>((resolve) => {
            finish = () => resolve({ accessToken: "new-access", expiryDate: frozen + hour });
          }),
      );
      const controller = new AbortController();
      const aborted = data.oauth.validToken(userId, undefined, {
        refresh,
        signal: controller.signal,
      });
      const late = data.oauth.validToken(userId, undefined, { refresh, timeoutMs: 30 });
      const patient = data.oauth.validToken(userId, undefined, { refresh });
      while (refresh.mock.calls.length === 0) await sleep(2);
      const reason = new Error("the user left");
      controller.abort(reason);
      const error = await failureOf(aborted, AbortedError);
      expect(error.cause).toBe(reason);
      await expect(late).rejects.toMatchObject({ name: "TimeoutError" });
      finish();
      expect((await patient).accessToken).toBe("new-access");
      expect(refresh).toHaveBeenCalledTimes(1);
      expect((await rawToken())?.Data).toMatchObject({ accessToken: "new-access" });
    });

    test("a refresh that fails when everybody has left is no unhandled rejection", async () => {
      const unhandled = jest.fn();
      process.on("unhandledRejection", unhandled);
      await seed();
      const failure = new Error("too late");
      let give = () => {};
      const left = new Promise<void>((resolve) => {
        give = resolve;
      });
      const refresh = () => left.then(() => Promise.reject(failure));
      const late = data.oauth.validToken(userId, undefined, { refresh, timeoutMs: 100 });
      await expect(late).rejects.toMatchObject({ name: "TimeoutError" });
      give();
      do await sleep(20);
      while ((await rawToken())?.LeaseHolder !== undefined);
      process.off("unhandledRejection", unhandled);
      expect(unhandled).not.toHaveBeenCalled();
      const after = await data.oauth.validToken(userId, undefined, { refresh: provider() });
      expect(after.accessToken).toBe("new-access");
    });
  });

  describe("what happens meanwhile", () => {
    test("a consent that is stored during a refresh counts, and no lease is left", async () => {
      await seed();
      const refresh = jest.fn(async () => {
        await data.oauth.store(userId, undefined, {
          accessToken: "consented-access",
          refreshToken: "consented-refresh",
          expiryDate: frozen + 2 * hour,
        });
        return {
          accessToken: "new-access",
          refreshToken: "new-refresh",
          expiryDate: frozen + hour,
        };
      });
      const token = await data.oauth.validToken(userId, undefined, { refresh });
      expect(token).toEqual({
        accessToken: "consented-access",
        refreshToken: "consented-refresh",
        expiryDate: frozen + 2 * hour,
        agentProfileId: "main",
      });
      expect(refresh).toHaveBeenCalledTimes(1);
      const raw = await rawToken();
      expect(raw?.Data).toEqual(token);
      expect(Object.keys(raw ?? {}).filter((name) => name.startsWith("Lease"))).toEqual([]);
    });

    test("UpdatedAt grows with the store, also past a write of another field by a clock ahead", async () => {
      await seed();
      let lock = 0;
      await data.oauth.validToken(userId, undefined, {
        refresh: async () => {
          clock.time = frozen + 5_000;
          lock = (await data.oauthToken.update({ userId }, { agentProfileId: "other" })).updatedAt;
          clock.time = frozen;
          return { accessToken: "new-access", expiryDate: frozen + hour };
        },
      });
      const item = await data.oauthToken.getOrThrow({ userId });
      expect(item.updatedAt).toBeGreaterThan(lock);
      expect(item.data).toMatchObject({ agentProfileId: "other", accessToken: "new-access" });
    });

    test("a token that is removed during a refresh stays removed", async () => {
      await seed();
      const refresh = async () => {
        await data.oauth.remove(userId);
        return { accessToken: "new-access", expiryDate: frozen + hour };
      };
      await failureOf(data.oauth.validToken(userId, undefined, { refresh }), ItemNotFoundError);
      expect(await rawToken()).toBeUndefined();
    });

    test("a token that is removed before the claim is not made anew by it", async () => {
      await table.raw.put({
        PK: `OAUTH#${userId}`,
        SK: "GOOGLE_BUSINESS",
        EntityType: "OAuthToken",
        Data: { refreshToken: "old-refresh" },
      });
      let reads = 0;
      wire.intercept = ({ operation, send }) => {
        reads += 1;
        if (operation !== "GetItem" || reads > 1) return undefined;
        return send().then(async (answer) => {
          await data.oauth.remove(userId);
          return answer;
        });
      };
      const refresh = provider();
      await failureOf(data.oauth.validToken(userId, undefined, { refresh }), ItemNotFoundError);
      expect(refresh).not.toHaveBeenCalled();
      expect(await rawToken()).toBeUndefined();
    });

    test.each([{ expiryDate: frozen + hour }, {}])(
      "a lost answer to the claim or to the store is no second refresh (%p)",
      async (expiry) => {
        await seed();
        const refresh = provider({
          accessToken: "new-access",
          refreshToken: "new-refresh",
          ...expiry,
        });
        let updates = 0;
        wire.intercept = (request) => {
          if (request.operation !== "UpdateItem") return undefined;
          updates += 1;
          // The first attempt of each.
          return updates === 1 || updates === 3 ? lost(request) : undefined;
        };
        const token = await data.oauth.validToken(userId, undefined, { refresh });
        expect(token).toMatchObject({ accessToken: "new-access", refreshToken: "new-refresh" });
        expect(refresh).toHaveBeenCalledTimes(1);
        const raw = await rawToken();
        expect(raw?.Data).toEqual({ ...token });
        expect(Object.keys(raw ?? {}).filter((name) => name.startsWith("Lease"))).toEqual([]);
      },
    );
  });
});
