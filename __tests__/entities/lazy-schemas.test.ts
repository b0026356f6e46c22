/** The payloads' schemas are made when they are needed. No other test is here: one that is made stays made. */
import { definitions } from "../../services/entities.js";
import { notedSecrets, withSecrets } from "../../src/table/declared.js";
import { createTestDataLayer } from "../../src/testing/index.js";

test("a schema is built by the first write of a store, and not by a read (all twelve were: 7 ms)", async () => {
  const read: string[] = [];
  for (const [name, definition] of Object.entries(definitions)) {
    const { payload } = definition;
    jest.spyOn(definition, "payload").mockImplementation((() => {
      read.push(name);
      return payload();
    }) as never);
    withSecrets(definition.payload, notedSecrets(payload) ?? []);
  }
  const data = await createTestDataLayer();
  try {
    const key = { userId: "u", projectId: "p" };
    expect(await data.project.get(key)).toBeNull();
    expect(read).toEqual([]);
    await data.project.create({ ...key, data: { name: "Open houses" } });
    await data.project.get(key);
    expect([...new Set(read)]).toEqual(["project"]);
  } finally {
    await data.close();
    jest.restoreAllMocks();
  }
});
