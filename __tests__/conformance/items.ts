/** What the conformance tests of every store say about its items. */
import type { TestDataLayer } from "../../src/testing/index.js";
import { type AnyInput, inputOf, keyOf, type Registered, storeOf } from "../registry.js";

/** The store of an entity in a table, and how the tests of it make and compare items. */
export function itemsOf(entity: Registered, table: { readonly data: TestDataLayer }) {
  const { name, owner, id } = entity;
  const user = (purpose: string) => `${name}-${purpose}`;
  return {
    store: () => storeOf(table.data, entity),
    user,
    /** UserProfile has one item per partition, the others as many as are wanted. */
    several: (purpose: string, count: number): AnyInput[] =>
      Array.from({ length: id === undefined ? 1 : count }, (_, index) =>
        inputOf(entity, user(purpose), `i${index}`, { mark: index }),
      ),
    stored: (input: AnyInput) => withIds(entity, input.data, keyOf(entity, input)),
    idsOf: (items: readonly object[]) =>
      items.map((item) => (item as Record<string, unknown>)[id ?? owner]),
  };
}

/** The payload as it is stored: with the ids that readers of `Data` alone expect there. */
export function withIds(
  { name, owner, id }: Registered,
  data: Record<string, unknown>,
  key: Record<string, string>,
): Record<string, unknown> {
  if (name === "oauthToken") return data;
  const own = { id: key[id ?? owner], ...(name === "review" && { agentId: key.agentId }) };
  return { ...own, ...data };
}
