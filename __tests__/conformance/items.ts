/** What the conformance tests of every store say about its items. */
import type { TestDataLayer } from "../../src/testing/index.js";
import type { AnyInput } from "../registry.js";
import { type Subject, storeOf } from "../subjects.js";

/** The store of an entity in a table, and how the tests of it make and compare items. */
export function itemsOf(subject: Subject, table: { readonly data: TestDataLayer }) {
  const { name, id } = subject;
  const store = () => storeOf(table.data, subject);
  return {
    store,
    user: (purpose: string) => `${name}-${purpose}`,
    /** An entity without an id has one item per user, the others as many as are wanted. */
    several: (purpose: string, count: number): AnyInput[] =>
      Array.from({ length: id === undefined ? 1 : count }, (_, index) =>
        subject.input(`${name}-${purpose}`, `i${index}`, { mark: index }),
      ),
    idsOf: (items: readonly (object | null)[]) =>
      items.map((item) => item && subject.key({ ...item })),
    /** Makes a partition that all users have in common empty: each test has its own items in it. */
    empty: async () => {
      if (!subject.isShared) return;
      const { items } = await store().query({});
      await store().batchDelete(items.map((item) => subject.key(item)));
    },
  };
}
