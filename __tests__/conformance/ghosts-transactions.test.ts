/** What lies at an entity's key and is none of its items, to transactions and to what is built on them. */
import { TransactionCanceledError } from "../../src/index.js";
import { make } from "../../src/testing/index.js";
import { describeEach, engines } from "../engines.js";
import { failureOf, openTable, requestsOf } from "../open.js";
import { allForeign, allGhosts } from "./strangers.js";

describeEach(engines, ({ engine }) => engine !== "dynalite")(
  "in a transaction on $name",
  (engine) => {
    const table = openTable(engine);
    let count = 0;
    const placed = async (attributes: Record<string, unknown>) => {
      count += 1;
      const userId = `t${count}`;
      const raw = { PK: `USER#${userId}`, SK: "PROJECT#p1", ...attributes };
      await table.raw.put(raw);
      table.data.wire.clear();
      const written = () => table.raw.get(raw.PK, raw.SK);
      return { raw, key: { userId, projectId: "p1" }, written };
    };
    const data = { name: "n" };
    const other = (userId: string) => ({ userId, projectId: "other", data });

    test.each(allGhosts)("create, put and delete take the place of %s", async (_, attributes) => {
      for (const operation of ["create", "put", "delete"] as const) {
        const { key, written } = await placed(attributes);
        await table.data.transaction.write((tx) => [
          operation === "delete" ? tx.project.delete(key) : tx.project[operation]({ ...key, data }),
          tx.project.create(other(key.userId)),
        ]);
        expect(requestsOf(table.data)).toEqual(["TransactWriteItems", "TransactWriteItems"]);
        if (operation === "delete") expect(await written()).toBeUndefined();
        else expect(await table.data.project.get(key)).toMatchObject({ data });
        expect(await table.data.project.get(other(key.userId))).not.toBeNull();
      }
    });

    test.each([...allGhosts, ...allForeign])(
      "update and check find nothing, and an absence holds: %s",
      async (_, attributes) => {
        const { raw, key, written } = await placed(attributes);
        expect(await table.data.transaction.get((tx) => [tx.project.get(key)])).toEqual([null]);
        const refused = await failureOf(
          table.data.transaction.write((tx) => [
            tx.project.update(key, { name: "new" }),
            tx.project.create(other(key.userId)),
          ]),
          TransactionCanceledError,
        );
        expect(refused.reasons).toMatchObject([{ index: 0, message: "no such item" }]);
        expect(refused.reasons[0]?.item).toBeNull();
        const checked = await failureOf(
          table.data.transaction.write((tx) => [
            tx.project.check(key),
            tx.project.create(other(key.userId)),
          ]),
          TransactionCanceledError,
        );
        expect(checked.reasons).toMatchObject([{ index: 0, message: "no such item" }]);
        await table.data.transaction.write((tx) => [
          tx.project.check(key, { exists: false }),
          tx.project.create(other(key.userId)),
        ]);
        expect(await table.data.project.get(other(key.userId))).not.toBeNull();
        expect(await written()).toEqual(raw);
      },
    );

    test.each(allForeign)(
      "create and put are refused by a foreign item, delete leaves it: %s",
      async (_, attributes) => {
        for (const operation of ["create", "put"] as const) {
          const { raw, key, written } = await placed(attributes);
          const error = await failureOf(
            table.data.transaction.write((tx) => [
              tx.project[operation]({ ...key, data }),
              tx.project.create(other(key.userId)),
            ]),
            TransactionCanceledError,
          );
          expect(error.reasons).toMatchObject([
            {
              index: 0,
              operation,
              message: expect.stringContaining("another item is at this key"),
            },
          ]);
          expect(error.reasons[0]?.item).toBeNull();
          expect(await written()).toEqual(raw);
        }
        const { raw, key, written } = await placed(attributes);
        await table.data.transaction.write((tx) => [
          tx.project.delete(key),
          tx.project.create(other(key.userId)),
        ]);
        expect(requestsOf(table.data)).toEqual(["TransactWriteItems", "TransactWriteItems"]);
        expect(await table.data.project.get(other(key.userId))).not.toBeNull();
        expect(await written()).toEqual(raw);
      },
    );

    test.each(allForeign)(
      "a project's content is taken out where the project's key holds a foreign item: %s",
      async (_, attributes) => {
        const { raw, key, written } = await placed(attributes);
        const filed = make.savedContent({ userId: key.userId, data: { projectId: "p1" } });
        await table.data.savedContent.put(filed);
        expect(await table.data.projects.deleteAndUnfile(key)).toEqual({ unfiled: 1 });
        const { items } = await table.data.savedContent.query({ userId: key.userId });
        expect(items.map(({ data: content }) => content.projectId ?? null)).toEqual([null]);
        expect(await written()).toEqual(raw);
      },
    );

    test("a photo is stored in the place of a ghost, and not over a foreign item", async () => {
      const userId = "photo";
      const ghost = { PK: `USER#${userId}`, SK: "PROFILE", UpdatedAt: 5 };
      const draft = { PK: `USER#${userId}`, SK: "AGENT#main", EntityType: "Draft", Data: { n: 1 } };
      await table.raw.put(ghost, draft);
      const refused = await failureOf(
        table.data.profiles.setPhoto({ userId }, "https://example.com/a.jpg"),
        TransactionCanceledError,
      );
      expect(refused.message).toContain("another item is at this key (EntityType Draft)");
      expect(await table.raw.get(ghost.PK, ghost.SK)).toEqual(ghost);
      expect(await table.raw.get(draft.PK, draft.SK)).toEqual(draft);
      await table.raw.put({ PK: draft.PK, SK: draft.SK, UpdatedAt: 5 });
      await table.data.profiles.setPhoto({ userId }, "https://example.com/a.jpg");
      expect(await table.data.userProfile.get({ userId })).not.toBeNull();
    });
  },
);
