/** What a page gets with the doors for React: little, and nothing of the server. */
import { pageBundle } from "../page-bundle.js";

/** Of the minified bundles, without React and TanStack Query. */
const doors = [
  { door: "react", entry: "src/react/index.ts", mostBytes: 9.5 * 1024 },
  { door: "react/legacy", entry: "src/react/legacy/index.ts", mostBytes: 10.5 * 1024 },
];

test.each(doors)(
  "$door holds no byte of the SDK, ElectroDB, zod or Node.js",
  async ({ entry, mostBytes }) => {
    const page = `export * from "./${entry}";`;
    const { text, inputs, bytes } = await pageBundle(page, ["react", "@tanstack/react-query"]);
    expect(bytes).toBeLessThanOrEqual(mostBytes);
    expect(inputs).toContain(entry);
    const rooms = /^src\/(?:react|browser|call|errors|keys|runtime|table|values)\//;
    expect(inputs.filter((path) => !rooms.test(path))).toEqual([]);
    expect(text).not.toMatch(/node:|\bBuffer\b|\bprocess\b|\brequire\b|aws|electrodb|zod/i);
  },
);

test("the client is no larger for it: who imports no React pays nothing", async () => {
  const { inputs } = await pageBundle('export * from "./src/browser/index.ts";');
  expect(inputs.filter((path) => path.includes("react"))).toEqual([]);
});
