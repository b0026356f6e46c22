import type { TestDataLayer } from "../../../src/testing/index.js";
import type { RequestEvent } from "../../../src/transport/events.js";
import { settings } from "../../engines.js";
import { acknowledged, lost, refused } from "../recorder.js";
import { frozen, hour, openTokens, secrets } from "./open-tokens.js";

describe.each(settings)("what the provider answered on $name", (engine) => {
  const opened = openTokens(engine);
  const { wire, rawToken, seed, provider, anotherLayer } = opened;
  let data: TestDataLayer;
  let userId = "";
  beforeEach(() => {
    ({ data, userId } = opened);
  });

  const rotated = { accessToken: "new-access", refreshToken: "new-refresh" };
  const rotating = () => provider({ ...rotated, expiryDate: frozen + hour });
  const troubles: [string, string, number][] = [
    ["the store is throttled for a while", "ProvisionedThroughputExceededException", 8],
    ["the table is away for a moment", "ResourceNotFoundException", 2],
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

  test.each([
    ["nothing", "{}"],
    ["its key alone", '{"Attributes":{"PK":{"S":"OAUTH#u"},"SK":{"S":"GOOGLE_BUSINESS"}}}'],
    ["the item as it was", '{"Attributes":{"PK":{"S":"OAUTH#u"},"UpdatedAt":{"N":"1"}}}'],
  ])(
    "an acknowledgement of the store that holds %s is none: it is stored again (the refresh token was lost)",
    async (_, body) => {
      await seed();
      let faked = 0;
      const refresh = jest.fn(async () => {
        wire.intercept = ({ operation }) => {
          if (operation !== "UpdateItem" || faked > 0) return undefined;
          faked += 1;
          return acknowledged(body);
        };
        return { ...rotated, expiryDate: frozen + hour };
      });
      expect(await data.oauth.validToken(userId, undefined, { refresh })).toMatchObject(rotated);
      expect(faked).toBe(1);
      expect(refresh).toHaveBeenCalledTimes(1);
      expect((await rawToken())?.Data).toMatchObject(rotated);
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
        if (operation !== "UpdateItem" || failures > 1) return undefined;
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
});
