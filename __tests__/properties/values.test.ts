/** What is written comes back as it was, whichever way it is written and read. */
import fc from "fast-check";
import { engines } from "../engines.js";
import { openTable } from "../open.js";
import { looseFields, tries } from "./arbitraries.js";

const payload = looseFields(["id", "name", "createdAt", "updatedAt"]);

async function collected<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

describe.each(engines)("on $name", (engine) => {
  const table = openTable(engine);
  let users = 0;

  test("any payload that DynamoDB can hold comes back as it was, by every write and every read", async () => {
    await fc.assert(
      fc.asyncProperty(payload, async (fields) => {
        users += 1;
        const userId = `u${users}`;
        const { project, collections } = table.data;
        const input = (projectId: string) => ({
          userId,
          projectId,
          data: { name: "n", ...fields },
        });
        const expected = (projectId: string) =>
          expect.objectContaining({
            userId,
            projectId,
            data: { id: projectId, name: "n", ...fields },
          });

        expect(await project.create(input("a"))).toEqual(expected("a"));
        expect(await project.put(input("b"))).toEqual(expected("b"));
        await project.create({ userId, projectId: "c", data: { name: "before" } });
        expect(await project.update({ userId, projectId: "c" }, { name: "n", ...fields })).toEqual(
          expected("c"),
        );
        await project.batchPut([input("d"), input("e")]);

        const keys = ["a", "b", "c", "d", "e"].map((projectId) => ({ userId, projectId }));
        const all = keys.map(({ projectId }) => expected(projectId));
        expect(await Promise.all(keys.map((key) => project.get(key)))).toEqual(all);
        expect(await project.get({ userId, projectId: "a" })).toEqual(expected("a"));
        expect((await project.query({ userId })).items).toEqual(all);
        expect(await collected(project.list({ userId }))).toEqual(all);
        expect(await project.batchGet(keys)).toEqual(all);
        expect((await collections.workspace({ userId })).project).toEqual(all);
      }),
      tries(25),
    );
  });
});
