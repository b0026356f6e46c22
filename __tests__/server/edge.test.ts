/** The server's door where there is no Node.js. */
import * as server from "../../src/server/index.js";
import * as edge from "../../src/server-edge.js";

test("has every value that the server's door has, and each says what it needs", () => {
  expect(Object.keys(edge).sort()).toEqual(Object.keys(server).sort());
  for (const [name, value] of Object.entries(edge)) {
    expect(value).toThrow(
      expect.objectContaining({
        code: "ConfigurationError",
        message: expect.stringMatching(new RegExp(`^${name} .*needs the Node.js runtime.*nodejs`)),
      }),
    );
  }
});
