/** A data layer for tests of OAuth tokens: a clock that stands, a wire that fails, a user per test. */
import { inspect } from "node:util";
import type { RefreshedToken } from "../../../services/oauth/options.js";
import { createDataLayer, type DataLayer, type DataLayerOptions } from "../../../src/data-layer.js";
import type { TestDataLayer } from "../../../src/testing/index.js";
import { withPlainSecrets } from "../../encryption/keys.js";
import type { Setting } from "../../engines.js";
import { openTable } from "../../open.js";
import { Recorder } from "../recorder.js";

export const frozen = 1_700_000_000_000;
export const hour = 3_600_000;
export const secrets = /old-access|old-refresh|new-access|new-refresh/;

/** What an error shows where errors are shown. */
export function shownOf(error: unknown): string {
  return [
    JSON.stringify(error),
    inspect(error, { depth: 9 }),
    String(error),
    (error as Error).stack,
  ].join();
}

export function openTokens(engine: Setting) {
  const wire = new Recorder();
  const clock = { time: frozen, now: () => clock.time };
  const table = openTable(engine, { requestHandler: wire, clock, retry: { initialDelayMs: 1 } });
  let users = 0;
  let userId = "";
  beforeEach(() => {
    wire.clear();
    clock.time = frozen;
    clock.now = () => clock.time;
    users += 1;
    userId = `user-${users}`;
  });

  const stored = (token: object = {}) => ({
    accessToken: "old-access",
    refreshToken: "old-refresh",
    expiryDate: frozen - 1,
    agentProfileId: "main",
    ...token,
  });
  return {
    wire,
    clock,
    table,
    get data(): TestDataLayer {
      return table.data;
    },
    get userId(): string {
      return userId;
    },
    stored,
    /** The stored item, its secrets decrypted where they are encrypted. */
    rawToken: async (provider = "GOOGLE_BUSINESS") =>
      withPlainSecrets(await table.raw.get(`OAUTH#${userId}`, provider), engine.encryption),
    /** Stores a token a day ago. */
    seed: async (token: object = {}) => {
      clock.time = frozen - 24 * hour;
      await table.data.oauth.store(userId, undefined, stored(token) as never);
      clock.time = frozen;
      wire.clear();
    },
    /** A provider that answers at once, and counts. */
    provider: (answer: object = { accessToken: "new-access", expiryDate: frozen + hour }) =>
      jest.fn(async (..._given: unknown[]): Promise<RefreshedToken> => answer as RefreshedToken),
    /** Another process, as far as one can be in this one. */
    anotherLayer: (options: DataLayerOptions = {}): DataLayer => {
      const { endpoint, region, credentials } = table.data.engine;
      const { tableName } = table.data.configuration;
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
    },
  };
}
