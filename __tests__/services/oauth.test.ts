import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { inspect } from "node:util";
import type { RefreshedToken } from "../../services/oauth/options.js";
import { createDataLayer, type DataLayer, type DataLayerOptions } from "../../src/data-layer.js";
import {
  AbortedError,
  DynamoDBError,
  ItemNotFoundError,
  ValidationError,
} from "../../src/errors.js";
import type { TestDataLayer } from "../../src/testing/index.js";
import type { RequestEvent } from "../../src/transport.js";
import { variableOf, withPlainSecrets } from "../encryption/keys.js";
import { settings } from "../engines.js";
import { failureOf, openTable } from "../open.js";
import type { Task } from "./oauth-process.js";
import { lost, Recorder, refused } from "./recorder.js";

const frozen = 1_700_000_000_000;
const hour = 3_600_000;
const secrets = /old-access|old-refresh|new-access|new-refresh/;

/** What an error shows where errors are shown. */
function shownOf(error: unknown): string {
  return [
    JSON.stringify(error),
    inspect(error, { depth: 9 }),
    String(error),
    (error as Error).stack,
  ].join();
}

describe.each(settings)("OAuth tokens on $name", (engine) => {
  const wire = new Recorder();
  const clock = { time: frozen, now: () => clock.time };
  const table = openTable(engine, { requestHandler: wire, clock, retry: { initialDelayMs: 1 } });
  let data: TestDataLayer;
  let users = 0;
  let userId = "";
  beforeEach(() => {
    data = table.data;
    wire.clear();
    clock.time = frozen;
    clock.now = () => clock.time;
    users += 1;
    userId = `user-${users}`;
  });

  /** The stored item, its secrets decrypted where they are encrypted. */
  const rawToken = async (provider = "GOOGLE_BUSINESS") =>
    withPlainSecrets(await table.raw.get(`OAUTH#${userId}`, provider), engine.encryption);
  const stored = (token: object = {}) => ({
    accessToken: "old-access",
    refreshToken: "old-refresh",
    expiryDate: frozen - 1,
    agentProfileId: "main",
    ...token,
  });
  /** Stores a token a day ago. */
  const seed = async (token: object = {}) => {
    clock.time = frozen - 24 * hour;
    await data.oauth.store(userId, undefined, stored(token) as never);
    clock.time = frozen;
    wire.clear();
  };
  /** A provider that answers at once, and counts. */
  const provider = (answer: object = { accessToken: "new-access", expiryDate: frozen + hour }) =>
    jest.fn(async (..._given: unknown[]): Promise<RefreshedToken> => answer as RefreshedToken);
  /** Another process, as far as one can be in this one. */
  const anotherLayer = (options: DataLayerOptions = {}) => {
    const { endpoint, region, credentials } = data.engine;
    const { tableName } = data.configuration;
    return createDataLayer({
      environment: "development",
      endpoint,
      region,
      credentials,
      tableName,
      clock,
      encryption: engine.encryption,
      ...options,
    });
  };

  describe("store", () => {
    test("takes 2 requests for a first consent and 1 for another", async () => {
      const first = await data.oauth.store(userId, undefined, stored());
      expect(wire.names).toEqual(["UpdateItem", "PutItem"]);
      expect(first).toEqual({
        userId,
        provider: "GOOGLE_BUSINESS",
        data: stored(),
        createdAt: frozen,
        updatedAt: frozen,
      });
      wire.clear();
      clock.time += hour;
      const second = await data.oauth.store(userId, undefined, {
        accessToken: "new-access",
        refreshToken: "new-refresh",
        expiryDate: frozen + 2 * hour,
      });
      expect(wire.names).toEqual(["UpdateItem"]);
      expect(second).toEqual({
        ...first,
        data: {
          accessToken: "new-access",
          refreshToken: "new-refresh",
          expiryDate: frozen + 2 * hour,
          agentProfileId: "main",
        },
        updatedAt: frozen + hour,
      });
      expect(await data.oauth.get(userId)).toEqual(second);
    });

    test.each([{}, { refreshToken: undefined }, { refreshToken: null }, { refreshToken: "" }])(
      "a consent with %p keeps the stored refresh token and CreatedAt",
      async (without) => {
        await seed();
        const { data: token, createdAt } = await data.oauth.store(userId, undefined, {
          accessToken: "new-access",
          expiryDate: frozen + hour,
          ...without,
        });
        expect(token).toMatchObject({ accessToken: "new-access", refreshToken: "old-refresh" });
        expect(createdAt).toBe(frozen - 24 * hour);
        expect(wire.names).toEqual(["UpdateItem"]);
      },
    );

    test.each([
      {},
      { expiryDate: null },
      { expiryDate: Number.NaN },
      { expiryDate: Number.POSITIVE_INFINITY },
    ])(
      "a consent with %p does not last as long as the token before it, nor for ever",
      async (unknown) => {
        await seed({ expiryDate: frozen + hour });
        await data.oauth.store(userId, undefined, { accessToken: "new-access", ...unknown });
        expect((await rawToken())?.Data).toMatchObject({ expiryDate: null });
        const refresh = provider();
        await data.oauth.validToken(userId, undefined, { refresh });
        expect(refresh).toHaveBeenCalledTimes(1);
        const first = await data.oauth.store(`${userId}-first`, undefined, {
          accessToken: "new-access",
          ...unknown,
        });
        expect(first.data.expiryDate ?? null).toBeNull();
      },
    );

    test.each([
      ["a Date", new Date(4e12), /epoch milliseconds, not a Date/],
      ["ISO text", "2099-01-01T00:00:00.000Z", /epoch milliseconds, not a text/],
      ["milliseconds as text", String(frozen + hour), /not a text/],
      ["a Firestore timestamp", { _seconds: 4e9, _nanoseconds: 0 }, /not an object/],
      ["a bigint", BigInt(frozen + hour), /not a bigint/],
      ["seconds", (frozen + hour) / 1000, /in seconds/],
      ["microseconds", (frozen + hour) * 1000, /in microseconds/],
      ["seconds from now", 3_600, /a span of time/],
    ])(
      "an expiry that is %s is refused by name (it was taken, and every later call refreshed)",
      async (_, expiryDate, rule) => {
        const token = { accessToken: "new-access", expiryDate };
        const error = await failureOf(
          data.oauth.store(userId, undefined, token as never),
          ValidationError,
        );
        expect(error.issues).toEqual([
          { path: "data.expiryDate", message: expect.stringMatching(rule) },
        ]);
        expect(error.mayHaveBeenDone).toBe(false);
        expect(shownOf(error)).not.toMatch(secrets);
        expect(wire.names).toEqual([]);

        // What the provider rotated is stored all the same: it has taken the old one back.
        await seed();
        const refresh = provider({ refreshToken: "new-refresh", ...token });
        const refused = await failureOf(
          data.oauth.validToken(userId, undefined, { refresh }),
          ValidationError,
        );
        expect(refused.issues).toEqual([
          { path: "refresh().expiryDate", message: expect.stringMatching(rule) },
        ]);
        expect(refused.mayHaveBeenDone).toBe(true);
        expect(shownOf(refused)).not.toMatch(secrets);
        expect((await data.oauth.get(userId))?.data).toMatchObject({
          accessToken: "new-access",
          refreshToken: "new-refresh",
          expiryDate: null,
        });
        const good = provider();
        await data.oauth.validToken(userId, undefined, { refresh: good });
        expect(good.mock.calls[0]?.[0]).toBe("new-refresh");
      },
    );

    test("an expiry long past, or just above what seconds can be, is one", async () => {
      for (const expiryDate of [0, -1, 1e11 + 1, frozen - 1]) {
        const { data: token } = await data.oauth.store(userId, undefined, {
          accessToken: "new-access",
          expiryDate,
        });
        expect(token.expiryDate).toBe(expiryDate);
      }
      const atBound = { accessToken: "new-access", expiryDate: 1e11 };
      await failureOf(data.oauth.store(userId, undefined, atBound), ValidationError);
    });

    test("keeps providers apart", async () => {
      await data.oauth.store(userId, undefined, stored({ accessToken: "old-access-google" }));
      await data.oauth.store(userId, "LINKEDIN", stored({ accessToken: "old-access-linkedin" }));
      const [google, linkedin] = [
        await data.oauth.get(userId),
        await data.oauth.get(userId, "LINKEDIN"),
      ];
      expect(google?.data.accessToken).toBe("old-access-google");
      expect(linkedin?.data.accessToken).toBe("old-access-linkedin");
      expect(linkedin?.provider).toBe("LINKEDIN");
      await data.oauth.remove(userId, "LINKEDIN");
      expect(await data.oauth.isConnected(userId)).toBe(true);
    });

    test("20 first consents at once all succeed, and the refresh token that one brought stays", async () => {
      const all = await Promise.all(
        Array.from({ length: 20 }, (_, index) =>
          data.oauth.store(userId, undefined, {
            accessToken: `new-access-${index}`,
            ...(index === 7 && { refreshToken: "new-refresh" }),
          }),
        ),
      );
      expect(all).toHaveLength(20);
      const token = await data.oauth.get(userId);
      expect(token?.data.refreshToken).toBe("new-refresh");
      expect(token?.createdAt).toBe(frozen);
    });

    test("an old token without a payload gets one", async () => {
      await table.raw.put({
        PK: `OAUTH#${userId}`,
        SK: "GOOGLE_BUSINESS",
        EntityType: "OAuthToken",
      });
      const token = await data.oauth.store(userId, undefined, stored());
      expect(token.data).toEqual(stored());
    });

    test("refuses what is no token before anything is sent, and shows none of it", async () => {
      const wrong = [
        {},
        { refreshToken: "new-refresh" },
        { accessToken: 5, refreshToken: "new-refresh" },
        { accessToken: "new-access", refreshToken: 5 },
        { accessToken: "new-access", expiryDate: {} },
        { accessToken: "new-access", expiryDate: new Date() },
        undefined,
        null,
        "new-access",
      ];
      for (const token of wrong) {
        const error = await failureOf(
          data.oauth.store(userId, undefined, token as never),
          ValidationError,
        );
        expect(shownOf(error)).not.toMatch(secrets);
      }
      await failureOf(data.oauth.store("", undefined, stored()), ValidationError);
      await failureOf(data.oauth.store(userId, "", stored()), ValidationError);
      expect(wire.names).toEqual([]);
    });
  });

  describe("get, isConnected and remove", () => {
    test("isConnected asks for no secret and none crosses the wire", async () => {
      expect(await data.oauth.isConnected(userId)).toBe(false);
      await seed();
      expect(await data.oauth.isConnected(userId)).toBe(true);
      expect(wire.names).toEqual(["GetItem"]);
      expect(wire.answers.join()).not.toMatch(secrets);
      expect(wire.answers.join()).toContain("OAuthToken");
      const others = await Promise.all([
        data.oauth.isConnected(userId),
        data.oauth.isConnected("nobody"),
      ]);
      expect(others).toEqual([true, false]);
      expect(wire.answers.join()).not.toMatch(secrets);
    });

    test("get and remove give the token or null, in one request each", async () => {
      expect([await data.oauth.get(userId), await data.oauth.remove(userId)]).toEqual([null, null]);
      await seed();
      const token = await data.oauth.get(userId);
      expect(token?.data).toEqual(stored());
      expect(await data.oauth.remove(userId)).toEqual(token);
      expect(wire.names).toEqual(["GetItem", "DeleteItem"]);
      expect(await rawToken()).toBeUndefined();
    });
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
      const never = () => new Promise<never>(() => undefined);
      const hanging = data.oauth.validToken(userId, undefined, { refresh: never, timeoutMs: 300 });
      const refresh = provider();
      await data.oauth.validToken(userId, "LINKEDIN", { refresh });
      expect(refresh.mock.calls[0]?.[1]).toMatchObject({ provider: "LINKEDIN" });
      await expect(hanging).rejects.toMatchObject({ name: "TimeoutError" });
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

    const rotated = { accessToken: "new-access", refreshToken: "new-refresh" };
    const rotating = () => provider({ ...rotated, expiryDate: frozen + hour });
    const troubles: [string, string, number][] = [
      ["the store is throttled for a while", "ProvisionedThroughputExceededException", 12],
      ["the table is away for a moment", "ResourceNotFoundException", 3],
      ["access is denied for a moment", "AccessDeniedException", 2],
    ];
    test.each(troubles)(
      "%s after the provider rotated the refresh token: it is stored all the same (it was thrown away)",
      async (_, name, times) => {
        await seed();
        let failures = 0;
        const refresh = jest.fn(async () => {
          wire.intercept = ({ operation }) => {
            if (operation !== "UpdateItem" || failures >= times) return undefined;
            failures += 1;
            return refused(name, "not now");
          };
          return { ...rotated, expiryDate: frozen + hour };
        });
        expect(await data.oauth.validToken(userId, undefined, { refresh })).toMatchObject(rotated);
        expect(failures).toBe(times);
        expect(refresh).toHaveBeenCalledTimes(1);
        expect((await rawToken())?.Data).toMatchObject(rotated);
        expect(await rawToken()).not.toHaveProperty("LeaseHolder");
      },
    );

    test("with a spent retry budget it is stored too", async () => {
      await seed();
      const poor = anotherLayer({
        retry: { maxRetries: 0, initialDelayMs: 1 },
        requestHandler: wire,
      });
      let failures = 0;
      const refresh = async () => {
        wire.intercept = ({ operation }) => {
          if (operation !== "UpdateItem" || failures > 2) return undefined;
          failures += 1;
          return refused("ThrottlingException");
        };
        return { ...rotated, expiryDate: frozen + hour };
      };
      expect(await poor.oauth.validToken(userId, undefined, { refresh })).toMatchObject(rotated);
      await poor.close();
      expect((await rawToken())?.Data).toMatchObject(rotated);
    });

    test("a token that cannot be stored before the lease ends is given to the caller, and an event says so", async () => {
      await seed();
      const before = (await rawToken())?.Data;
      const events: RequestEvent[] = [];
      const denied = anotherLayer({ events: (event) => events.push(event), requestHandler: wire });
      const refresh = jest.fn(async () => {
        wire.intercept = ({ operation }) =>
          operation === "UpdateItem" ? refused("AccessDeniedException", "no") : undefined;
        return { ...rotated, expiryDate: frozen + hour };
      });
      const token = await denied.oauth.validToken(userId, undefined, { refresh, leaseMs: 500 });
      expect(token).toMatchObject(rotated);
      expect(refresh).toHaveBeenCalledTimes(1);
      expect(events.filter(({ error }) => error === "TokenNotStored")).toEqual([
        expect.objectContaining({
          request: "Update",
          operation: "oauth.validToken",
          entity: "OAuthToken",
        }),
      ]);
      expect(JSON.stringify(events)).not.toMatch(secrets);
      wire.clear();
      await denied.close();
      expect((await rawToken())?.Data).toEqual(before);
    });

    test("an answer that is lost while it is stored is its own work", async () => {
      await seed();
      const refresh = rotating();
      const answering = refresh.getMockImplementation();
      refresh.mockImplementation(async (...given) => {
        let once = false;
        wire.intercept = (request) => {
          if (request.operation !== "UpdateItem" || once) return undefined;
          once = true;
          return lost(request);
        };
        return answering!(...given);
      });
      expect(await data.oauth.validToken(userId, undefined, { refresh })).toMatchObject(rotated);
      expect(refresh).toHaveBeenCalledTimes(1);
      expect((await rawToken())?.Data).toMatchObject(rotated);
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

  describe("leases", () => {
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
          expect(signal.aborted).toBe(true);
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
    const script = join(__dirname, "oauth-process.ts");
    return spawn(process.execPath, ["--import", "tsx", script, JSON.stringify(whole)], {
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
  }, 40_000);

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
  }, 40_000);
});
