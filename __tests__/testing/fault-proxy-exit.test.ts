/** Processes that used the proxy of bytes, and are to end by themselves. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { built } from "../built.js";

/** Both at once, because what takes time is their waiting. */
const processes = new Map<string, Promise<{ end: unknown; out: string }>>();
beforeAll(() => {
  for (const script of ["reset-process.ts", "drip-process.ts"]) processes.set(script, run(script));
});

async function run(script: string): Promise<{ end: unknown; out: string }> {
  const child = spawn(process.execPath, [built(`__tests__/testing/${script}`)], {
    timeout: 15_000,
  });
  let out = "";
  child.stdout.on("data", (text) => {
    out += text;
  });
  const end = await once(child, "close");
  return { end, out };
}

test("a connection that is ended while it is reset does not keep the process (it spun at its exit)", async () => {
  expect(await processes.get("reset-process.ts")).toEqual({ end: [0, null], out: "closed\n" });
});

test("a response that drips to nobody does not keep the process", async () => {
  expect(await processes.get("drip-process.ts")).toEqual({ end: [0, null], out: "left\n" });
});
