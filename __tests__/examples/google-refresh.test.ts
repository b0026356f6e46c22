/** The refresh against a token endpoint of its own, alone and through `data.oauth.validToken`. */
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { inspect } from "node:util";
import { createTestDataLayer, make, type TestDataLayer } from "bayon-coagent-data/testing";
import { type GoogleRefreshError, googleRefresh } from "./google-refresh.js";

/** A request as the token endpoint got it. */
interface Asked {
  readonly method: string | undefined;
  readonly type: string | undefined;
  readonly form: Record<string, string>;
}

const secrets = ["the-client-secret", "the-refresh-token"] as const;
const [clientSecret, refreshToken] = secrets;
const provider = "GOOGLE_BUSINESS";

let server: Server;
let endpoint: string;
let asked: Asked[] = [];
let reply: (response: ServerResponse, request: IncomingMessage) => void;

const json = (status: number, body: object) => (response: ServerResponse) => {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
};

beforeAll(async () => {
  server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(Buffer.from(chunk as Buffer));
    const form = Object.fromEntries(new URLSearchParams(Buffer.concat(chunks).toString()));
    asked.push({ method: request.method, type: request.headers["content-type"], form });
    reply(response, request);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}/token`;
});
beforeEach(() => {
  asked = [];
});
afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const refreshWith = (options: object = {}) =>
  googleRefresh({ clientId: "the-client", clientSecret, endpoint, ...options });

const refresh = (options?: object, signal = new AbortController().signal) =>
  refreshWith(options)(refreshToken, { userId: "ana", provider, signal });

/** What a refresh was refused with; it must hold no secret. */
async function refusalOf(refreshing: Promise<unknown>): Promise<GoogleRefreshError> {
  const error = await refreshing.then(
    () => undefined,
    (reason: unknown) => reason as GoogleRefreshError,
  );
  if (error === undefined) throw new Error("expected a refusal");
  for (const shown of [String(error), inspect(error, { depth: null }), JSON.stringify(error)]) {
    for (const secret of secrets) expect(shown).not.toContain(secret);
  }
  return error;
}

describe("googleRefresh", () => {
  test("asks with a form, and turns expires_in into a date", async () => {
    reply = json(200, { access_token: "fresh", expires_in: 3_599, token_type: "Bearer" });
    const before = Date.now();
    const token = await refresh();
    expect(asked).toEqual([
      {
        method: "POST",
        type: "application/x-www-form-urlencoded;charset=UTF-8",
        form: {
          grant_type: "refresh_token",
          refresh_token: refreshToken,
          client_id: "the-client",
          client_secret: clientSecret,
        },
      },
    ]);
    expect(token).toMatchObject({ accessToken: "fresh", refreshToken: undefined });
    expect(token.expiryDate).toBeGreaterThanOrEqual(before + 3_599_000);
    expect(token.expiryDate).toBeLessThanOrEqual(Date.now() + 3_599_000);
  });

  test("encodes what a form would take for something else", async () => {
    reply = json(200, { access_token: "fresh" });
    const odd = "1//0a&b=c+d e%20é";
    const { signal } = new AbortController();
    await refreshWith()(odd, { userId: "ana", provider, signal });
    expect(asked[0]?.form.refresh_token).toBe(odd);
  });

  test("works without expires_in, and with one that is a text", async () => {
    reply = json(200, { access_token: "fresh" });
    expect(await refresh()).toEqual({ accessToken: "fresh" });
    reply = json(200, { access_token: "fresh", expires_in: "60" });
    expect((await refresh()).expiryDate).toBeGreaterThan(Date.now() + 50_000);
    reply = json(200, { access_token: "fresh", expires_in: "soon" });
    expect(await refresh()).toEqual({ accessToken: "fresh" });
  });

  test("gives a rotated refresh token on", async () => {
    reply = json(200, { access_token: "fresh", refresh_token: "rotated" });
    expect(await refresh()).toMatchObject({ refreshToken: "rotated" });
  });

  test("says of invalid_grant that the user must consent again", async () => {
    const description = `Bad Request: ${refreshToken}`;
    reply = json(400, { error: "invalid_grant", error_description: description });
    const error = await refusalOf(refresh());
    expect(error).toMatchObject({
      name: "GoogleRefreshError",
      message:
        "Google refused the refresh (invalid_grant): the consent was revoked or has lapsed, and the user must give it again",
      code: "invalid_grant",
      status: 400,
      consentNeeded: true,
    });
  });

  test("names any other refusal by its code, and asks for no consent", async () => {
    reply = json(401, { error: "invalid_client" });
    expect(await refusalOf(refresh())).toMatchObject({
      message: "Google refused the refresh (invalid_client): HTTP 401",
      consentNeeded: false,
    });
    reply = (response) => response.writeHead(502).end(`<html>${refreshToken}</html>`);
    expect(await refusalOf(refresh())).toMatchObject({ code: "bad_answer", status: 502 });
    reply = json(400, { error: `refused: ${refreshToken}` });
    expect(await refusalOf(refresh())).toMatchObject({ code: "bad_answer", status: 400 });
  });

  test("refuses an answer without a token", async () => {
    for (const body of [{}, { access_token: "" }, { access_token: 7 }, [], null]) {
      reply = json(200, body as object);
      expect(await refusalOf(refresh())).toMatchObject({ code: "bad_answer", status: 200 });
    }
    reply = (response) => response.end("access_token=fresh");
    expect(await refusalOf(refresh())).toMatchObject({ code: "bad_answer" });
  });

  test("ends with the caller's signal, and its request with it", async () => {
    const controller = new AbortController();
    const reason = new Error("the page was left");
    const closed = new Promise((resolve) => {
      reply = (response) => {
        response.on("close", resolve);
        controller.abort(reason);
      };
    });
    expect(await refusalOf(refresh({}, controller.signal))).toBe(reason);
    await closed;
    asked = [];
    expect(await refusalOf(refresh({}, AbortSignal.abort(reason)))).toBe(reason);
    expect(asked).toEqual([]);
  });

  test("waits no longer than it should", async () => {
    reply = () => {
      // Never answers.
    };
    expect(await refusalOf(refresh({ timeoutMs: 30 }))).toMatchObject({
      message: "Google did not answer within 30 ms",
      code: "no_answer",
    });
  });

  test("says that nobody answered", async () => {
    reply = (response) => response.destroy();
    expect(await refusalOf(refresh())).toMatchObject({
      message: "Google did not answer",
      code: "no_answer",
      cause: expect.anything(),
    });
  });

  test("sends the secrets to no other address", async () => {
    reply = (response) => response.writeHead(307, { location: "/elsewhere" }).end();
    expect(await refusalOf(refresh())).toMatchObject({ code: "no_answer" });
    expect(asked).toHaveLength(1);
  });
});

describe("googleRefresh under data.oauth.validToken", () => {
  let data: TestDataLayer;
  beforeAll(async () => {
    data = await createTestDataLayer();
  });
  afterAll(() => data.close());

  /** A user whose token expired an hour ago. */
  async function expired(userId: string) {
    const expiryDate = Date.now() - 3_600_000;
    const token = { accessToken: "stale", refreshToken, expiryDate };
    await data.oauthToken.put(make.oauthToken({ userId, data: token }));
    return token;
  }
  const storedOf = async (userId: string) => (await data.oauthToken.get({ userId }))?.data;

  test("asks once for many callers, and stores the new token", async () => {
    await expired("ana");
    reply = json(200, { access_token: "fresh", expires_in: 3_599 });
    const tokens = await Promise.all(
      Array.from({ length: 10 }, () =>
        data.oauth.validToken("ana", provider, { refresh: refreshWith() }),
      ),
    );
    expect(asked).toHaveLength(1);
    for (const token of tokens) expect(token).toMatchObject({ accessToken: "fresh", refreshToken });
    expect(await storedOf("ana")).toMatchObject({ accessToken: "fresh", refreshToken });

    const again = await data.oauth.validToken("ana", provider, { refresh: refreshWith() });
    expect(again.accessToken).toBe("fresh");
    expect(asked).toHaveLength(1);
  });

  test("keeps a rotated refresh token, also without expires_in", async () => {
    await expired("ben");
    reply = json(200, { access_token: "fresh", refresh_token: "rotated" });
    const scope = data.forUser("ben");
    const token = await scope.oauth.validToken(provider, { refresh: refreshWith() });
    expect(token).toMatchObject({ accessToken: "fresh", refreshToken: "rotated" });
    expect(await storedOf("ben")).toMatchObject({ accessToken: "fresh", refreshToken: "rotated" });
    // Nobody knows how long it lives: the next call asks again, with the rotated token.
    await scope.oauth.validToken(provider, { refresh: refreshWith() });
    expect(asked.map(({ form }) => form.refresh_token)).toEqual([refreshToken, "rotated"]);
  });

  test("throws Google's refusal, and leaves the stored token as it was", async () => {
    const token = await expired("cho");
    reply = json(400, { error: "invalid_grant" });
    const call = data.oauth.validToken("cho", provider, { refresh: refreshWith() });
    expect(await refusalOf(call)).toMatchObject({ code: "invalid_grant", consentNeeded: true });
    expect(await storedOf("cho")).toMatchObject(token);
    // The lease is given back: the next caller need not wait for it.
    reply = json(200, { access_token: "fresh", expires_in: 3_599 });
    await data.oauth.validToken("cho", provider, { refresh: refreshWith() });
    expect(await storedOf("cho")).toMatchObject({ accessToken: "fresh" });
  });
});
