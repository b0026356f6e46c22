/** What lies at an entity's key and is none of its items, and how a test puts it there. */
import { make } from "../../src/testing/index.js";
import type { TestEngine } from "../engines.js";
import { openTable } from "../open.js";
import { type AnyInput, keyOf, type Registered, storeOf } from "../registry.js";

type Raw = Record<string, unknown> & { readonly PK: string; readonly SK: string };

/** Physical keys, written out. */
const rawKeys: Readonly<Record<string, (user: string) => Pick<Raw, "PK" | "SK">>> = {
  userProfile: (u) => ({ PK: `USER#${u}`, SK: "PROFILE" }),
  realEstateAgentProfile: (u) => ({ PK: `USER#${u}`, SK: "AGENT#i1" }),
  review: (u) => ({ PK: `REVIEW#${u}`, SK: "REVIEW#i1" }),
  brandAudit: (u) => ({ PK: `USER#${u}`, SK: "AUDIT#i1" }),
  competitor: (u) => ({ PK: `USER#${u}`, SK: "COMPETITOR#i1" }),
  researchReport: (u) => ({ PK: `USER#${u}`, SK: "REPORT#i1" }),
  project: (u) => ({ PK: `USER#${u}`, SK: "PROJECT#i1" }),
  savedContent: (u) => ({ PK: `USER#${u}`, SK: "CONTENT#i1" }),
  trainingProgress: (u) => ({ PK: `USER#${u}`, SK: "TRAINING#i1" }),
  marketingPlan: (u) => ({ PK: `USER#${u}`, SK: "PLAN#i1" }),
  reviewAnalysis: (u) => ({ PK: `USER#${u}`, SK: "ANALYSIS#i1" }),
  oauthToken: (u) => ({ PK: `OAUTH#${u}`, SK: "i1" }),
};

export const allGhosts: readonly [name: string, attributes: Record<string, unknown>][] = [
  ["a ghost", { UpdatedAt: 1_600_000_000_000 }],
  ["a ghost of tomorrow", { UpdatedAt: Date.now() + 86_400_000 }],
  ["a ghost whose time is a text", { UpdatedAt: "2024-01-01T00:00:00.000Z", CreatedAt: null }],
  ["a ghost whose time is beyond 2^53", { UpdatedAt: 2n ** 70n }],
  ["a bare key", {}],
];

export const allForeign: readonly [name: string, attributes: Record<string, unknown>][] = [
  ["another EntityType", { EntityType: "Draft", Data: { secret: 1 }, CreatedAt: 5, UpdatedAt: 6 }],
  ["a payload without EntityType", { Data: { secret: 1 }, UpdatedAt: 6 }],
  ["no payload of ours", { text: "somebody's", UpdatedAt: 6 }],
  ["another EntityType and nothing else", { EntityType: "Draft" }],
];

/** Opens a table for the tests of a block. */
export function strangersOn(engine: TestEngine) {
  const table = openTable(engine);
  let count = 0;
  /** Puts something at the key of an entity's item, past the layer. */
  async function placed(entity: Registered, attributes: Record<string, unknown>) {
    count += 1;
    const owner = `u${count}`;
    const raw: Raw = { ...(rawKeys[entity.name]?.(owner) ?? { PK: "", SK: "" }), ...attributes };
    await table.raw.put(raw);
    const { data, ...made } = (make[entity.name] as () => AnyInput)();
    const input: AnyInput = {
      ...made,
      [entity.owner]: owner,
      ...(entity.id && { [entity.id]: "i1" }),
      data,
    };
    const key = keyOf(entity, input);
    // What is there before is what was put, and nothing of the entity.
    expect(await table.raw.get(raw.PK, raw.SK)).toEqual(raw);
    table.data.wire.clear();
    return {
      raw,
      input,
      key,
      partition: { [entity.owner]: owner },
      store: storeOf(table.data, entity),
    };
  }
  const stored = ({ PK, SK }: Raw) => table.raw.get(PK, SK);
  return { table, placed, stored };
}
