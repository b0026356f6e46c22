/** The payloads' schemas are made when they are needed. No other test is here: one that is made stays made. */
import { definitions } from "../../services/entities.js";
import { createTestDataLayer } from "../../src/testing/index.js";

test("a schema is built for the store that needs it, and no other (all twelve were: 7 ms)", async () => {
  const read: string[] = [];
  for (const [name, definition] of Object.entries(definitions)) {
    const { payload } = definition;
    jest.spyOn(definition, "payload").mockImplementation((() => {
      read.push(name);
      return payload();
    }) as never);
  }
  const data = await createTestDataLayer();
  try {
    const key = { userId: "u", projectId: "p" };
    await data.project.create({ ...key, data: { name: "Open houses" } });
    await data.project.get(key);
    expect([...new Set(read)]).toEqual(["project"]);
  } finally {
    await data.close();
    jest.restoreAllMocks();
  }
});
