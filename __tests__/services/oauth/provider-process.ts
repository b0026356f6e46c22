/**
 * A provider of tokens that rotates refresh tokens: each is good for one refresh, and the one before it is
 * invalid from then on. A process of its own: it outlives those that are killed. Prints its port.
 */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

/** What the provider knows of a user. */
export interface Grant {
  /** The one refresh token that is valid; `<user>-refresh-0` comes from the consent. */
  refreshToken: string;
  /** The one access token that is valid. */
  accessToken: string | null;
  /** Every request: when it came (epoch ms), and whether it was granted. */
  requests: { at: number; granted: boolean }[];
}

const grants = new Map<string, Grant>();

function grantOf(userId: string): Grant {
  const grant = grants.get(userId) ?? {
    refreshToken: `${userId}-refresh-0`,
    accessToken: null,
    requests: [],
  };
  grants.set(userId, grant);
  return grant;
}

const server = createServer(async (request, response) => {
  let body = "";
  for await (const chunk of request) body += String(chunk);
  response.setHeader("content-type", "application/json");
  if (request.method === "GET") {
    response.end(JSON.stringify(Object.fromEntries(grants)));
    return;
  }
  const { userId, refreshToken } = JSON.parse(body) as { userId: string; refreshToken: string };
  const grant = grantOf(userId);
  const granted = refreshToken === grant.refreshToken;
  grant.requests.push({ at: Date.now(), granted });
  if (!granted) {
    response.statusCode = 400;
    response.end(JSON.stringify({ error: "invalid_grant" }));
    return;
  }
  const number = Number(refreshToken.slice(refreshToken.lastIndexOf("-") + 1)) + 1;
  grant.refreshToken = `${userId}-refresh-${number}`;
  grant.accessToken = `${userId}-access-${number}`;
  response.end(
    JSON.stringify({ accessToken: grant.accessToken, refreshToken: grant.refreshToken }),
  );
});
server.listen(0, "127.0.0.1", () => {
  console.log((server.address() as AddressInfo).port);
});
