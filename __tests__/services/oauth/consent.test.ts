import { ThroughputExceededError } from "../../../src/errors/throughput-exceeded-error.js";
import { ValidationError } from "../../../src/errors/validation-error.js";
import type { TestDataLayer } from "../../../src/testing/index.js";
import type { RequestEvent } from "../../../src/transport/events.js";
import { settings } from "../../engines.js";
import { failureOf } from "../../open.js";
import { frozen, hour, openTokens, secrets, shownOf } from "./open-tokens.js";

describe.each(settings)("OAuth tokens on $name", (engine) => {
  const opened = openTokens(engine);
  const { wire, clock, rawToken, stored, seed, provider, anotherLayer, table } = opened;
  let data: TestDataLayer;
  let userId = "";
  beforeEach(() => {
    ({ data, userId } = opened);
  });

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
      ["ISO text", "2099-01-01T00:00:00.000Z", /epoch milliseconds, not a string/],
      ["milliseconds as text", String(frozen + hour), /not a string/],
      ["a Firestore timestamp", { _seconds: 4e9, _nanoseconds: 0 }, /not an object/],
      ["a bigint", BigInt(frozen + hour), /not a bigint/],
      ["seconds", (frozen + hour) / 1000, /like seconds/],
      ["microseconds", (frozen + hour) * 1000, /like microseconds/],
      ["seconds from now", 3_600, /a duration/],
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

  test("a failure of each call, and its event, names that call (it was the store's: update, create, get, delete)", async () => {
    const events: RequestEvent[] = [];
    const other = anotherLayer({
      events: (event) => events.push(event),
      requestHandler: wire,
      retry: { maxRetries: 0 },
    });
    const { oauth } = other;
    const calls = {
      "oauth.store": () => oauth.store(userId, undefined, stored()),
      "oauth.get": () => oauth.get(userId),
      "oauth.isConnected": () => oauth.isConnected(userId),
      "oauth.validToken": () => oauth.validToken(userId, undefined, { refresh: provider() }),
      "oauth.remove": () => oauth.remove(userId),
    };
    for (const [operation, call] of Object.entries(calls)) {
      wire.clear().inject({ fault: "throttle", times: Number.POSITIVE_INFINITY });
      const error = await failureOf(call(), ThroughputExceededError);
      expect(error).toMatchObject({ operation, entity: "OAuthToken" });
      const key = `userId=${userId}, provider=GOOGLE_BUSINESS`;
      expect(error.message).toMatch(`${operation} OAuthToken (${key}): `);
      expect(events.splice(0).map((event) => event.operation)).toEqual([operation]);
    }
    // The second request of a first consent, and what is refused before anything is sent.
    wire.clear().inject({
      ...{ fault: "throttle", operation: "PutItem", times: Number.POSITIVE_INFINITY },
    });
    const created = await failureOf(calls["oauth.store"](), ThroughputExceededError);
    expect(created.operation).toBe("oauth.store");
    wire.clear();
    const refused = await failureOf(
      oauth.store(userId, undefined, { accessToken: "new-access", refreshToken: 5 } as never),
      ValidationError,
    );
    expect(refused.message).toMatch(/^oauth\.store OAuthToken \(.*\): data\.refreshToken /);
    expect(wire.asked).toEqual([]);
    await other.close();
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
});
