/** Commands that a signal ends. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { type AddressInfo, createServer, type Server } from "node:net";
import { built } from "../../built.js";
import { environment, read } from "./processes.js";

jest.setTimeout(180_000);

describe("a signal", () => {
  let server: Server;
  beforeAll(async () => {
    // Takes requests and never answers.
    server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
  });
  afterAll(() => server.close());

  test.each([
    ["SIGINT", 130, "interrupted"],
    ["SIGTERM", 143, "terminated"],
  ] as const)("%s ends a command with %d (SIGTERM was 130)", async (signal, exitCode, message) => {
    const { port } = server.address() as AddressInfo;
    const flags = ["--environment", "local", "--endpoint", `http://127.0.0.1:${port}`];
    for (const json of [[], ["--json"]]) {
      const args = [built("scripts/cli.ts"), "doctor", ...json, ...flags];
      const child = spawn(process.execPath, args, { env: environment });
      const ended = read(child);
      await once(server, "connection");
      child.kill(signal);
      const { code, complaints } = await ended();
      const text = json.length === 0 ? message : JSON.parse(complaints).error.message;
      expect({ code, text }).toEqual({ code: exitCode, text: message });
      if (json.length === 0) expect(complaints).toBe(`${message}\n`);
    }
  });
});
