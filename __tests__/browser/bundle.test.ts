/** What a page gets with the client: little, and nothing of the server. */
import { pageBundle } from "../page-bundle.js";

/** The bundle of a page that imports these names of the door. */
const bundleOf = (names: string) => pageBundle(`export ${names} from "./src/browser/index.ts";`);

test.each([
  ["the client", "{ createDataClient, callKey, isDynamoDBError }", 6 * 1024],
  ["the client that listens to changes", "{ createDataClient, live }", 7 * 1024],
  ["all of the door", "*", 7.25 * 1024],
])(
  "%s is small, and holds no byte of the SDK, ElectroDB, zod or Node.js",
  async (_, names, most) => {
    const { text, inputs, bytes } = await bundleOf(names);
    expect(bytes).toBeLessThanOrEqual(most);
    expect(inputs).toContain("src/browser/client.ts");
    expect(
      inputs.filter((path) => !/^src\/(?:browser|errors|runtime|values)\//.test(path)),
    ).toEqual([]);
    expect(text).not.toMatch(/node:|\bBuffer\b|\bprocess\b|\brequire\b|aws|electro|zod/i);
  },
);

test("who does not listen to changes has no byte of it", async () => {
  const { text } = await bundleOf("{ createDataClient }");
  expect(text).not.toContain("text/event-stream");
  expect((await bundleOf("{ live }")).text).toContain("text/event-stream");
});
