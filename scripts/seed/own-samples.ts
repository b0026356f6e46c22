/** Made-up items of an application's own entities. */
import { definitions as twelve } from "../../services/entities.js";
import type { Definitions } from "../../services/registry.js";
import { samplesOf } from "../../src/testing/factories.js";
import type { SourceItem } from "../move/firestore/map-document.js";
import { lastDay } from "./sample-data.js";

/** How many items of each own entity a made-up agent has. */
const perEntity = 3;

const hourMs = 3_600_000;

/**
 * Yields items of each own entity for each user: those of a user's partition are the user's. The same
 * users give the same items, ids and dates.
 */
export function* ownSamples(
  definitions: Definitions,
  users: Iterable<string>,
): Generator<SourceItem> {
  const own = Object.entries(definitions)
    .filter(([name, definition]) => twelve[name as keyof typeof twelve] !== definition)
    .map(([name, definition]) => [name, samplesOf(name, definition, true)] as const);
  let count = 0;
  for (const userId of users) {
    for (let place = 0; place < perEntity; place += 1) {
      count += 1;
      const createdAt = lastDay - count * hourMs;
      for (const [facade, sample] of own) {
        const { key, data } = sample(count);
        const ofUser = ["userId", "agentId"].filter((part) => part in key);
        const parts = {
          ...key,
          ...Object.fromEntries(ofUser.map((part) => [part, userId])),
          ...("createdAt" in key && { createdAt }),
        };
        yield { path: `${facade}/${count}`, facade, key: parts, data, createdAt };
      }
    }
  }
}
