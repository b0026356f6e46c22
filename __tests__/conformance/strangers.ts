/** What lies at an entity's key and is none of its items, and how a test puts it there. */
import type { TestEngine } from "../engines.js";
import { openTable } from "../open.js";
import { generatedEntities, type Subject, storeOf } from "../subjects.js";

type Raw = Record<string, unknown> & { readonly PK: string; readonly SK: string };

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
  const table = openTable(engine, { entities: generatedEntities } as object);
  let count = 0;
  /** Puts something at the key of an entity's item, past the layer. */
  async function placed(subject: Subject, attributes: Record<string, unknown>) {
    count += 1;
    const input = subject.input(`u${count}`, "i1");
    const key = subject.key(input);
    const partition = subject.partition(input);
    const raw: Raw = { ...subject.raw(key), ...attributes };
    const store = storeOf(table.data, subject);
    if (subject.isShared) {
      // Each test has its own items in the partition that all users have in common.
      const { items } = await store.query(partition);
      await store.batchDelete(items.map((item) => subject.key(item)));
    }
    await table.raw.put(raw);
    // What is there before is what was put, and nothing of the entity.
    expect(await table.raw.get(raw.PK, raw.SK)).toEqual(raw);
    table.data.wire.clear();
    return { raw, input, key, partition, store };
  }
  const stored = ({ PK, SK }: Raw) => table.raw.get(PK, SK);
  return { table, placed, stored };
}
