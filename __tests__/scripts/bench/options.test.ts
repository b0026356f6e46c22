/** The options of `npm run bench`. */
import { type BenchOptions, benchCommand, readOptions } from "../../../scripts/bench/options.js";

/** Reads options; what the command would print before it ends the process is thrown. */
function read(...args: string[]): BenchOptions {
  const command = benchCommand()
    .exitOverride()
    .configureOutput({ writeErr: () => undefined });
  return readOptions(args, command);
}

describe("the options of the benchmark", () => {
  test("without any, everything is measured, both ways", () => {
    const { parts, cells, over, ...flags } = read();
    expect(parts).toEqual(["cells", "engine", "growth", "import", "listeners", "tail"]);
    expect(cells).toHaveLength(12);
    expect(over).toEqual(["canned", "http"]);
    expect(flags).toEqual({ quick: false, peers: true, write: false, json: false });
  });

  test("--cells and --over choose among the cells, and leave out the other parts", () => {
    expect(read("--cells", "update, get", "--over", "http")).toMatchObject({
      ...{ parts: ["cells"], cells: ["get", "update"], over: ["http"] },
    });
    expect(read("--over", "canned")).toMatchObject({ parts: ["cells"], over: ["canned"] });
  });

  test("--quick, --no-peers and --json are passed on", () => {
    expect(read("--quick", "--no-peers", "--json", "--only", "tail")).toMatchObject({
      ...{ quick: true, peers: false, json: true, parts: ["tail"] },
    });
  });

  test.each([
    [["--cells", "get,gets"], "There is no cell gets: get, put,"],
    [["--over", "https"], "Allowed choices are canned, http"],
    [["--only", "engine", "--over", "http"], "--only engine has no cells"],
    [["--cells", "get", "--write"], "cannot be used with option '--write'"],
    [["--over", "http", "--write"], "cannot be used with option '--write'"],
    [["--over", "http", "--cells", "add"], "over HTTP there are the cells get, put,"],
    [["--quik"], "Did you mean --quick?"],
  ])("%j is refused", (args, message) => {
    expect(() => read(...args)).toThrow(message);
  });
});
