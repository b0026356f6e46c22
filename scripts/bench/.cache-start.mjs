import { fork, spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";

const server = fork("/work/benchhttp/scripts/bench/page-server.ts", [], {
  execArgv: ["--import", "tsx"],
});
const [port] = await once(server, "message");
for (const [call, size] of [
  ["list", 10000],
  ["list", 200000],
  ["list", 1000000],
  ["scan", 10000],
  ["scan", 1000000],
  ["batchPut", 10000],
  ["batchPut", 100000],
  ["batchPut", 1000000],
]) {
  const c = spawn(
    process.execPath,
    [
      "--expose-gc",
      "--import",
      "tsx",
      "/work/benchhttp/scripts/bench/growth-process.ts",
      call,
      `http://127.0.0.1:${port}`,
      String(size),
    ],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  console.log(call, size, (await text(c.stdout)).trim());
}
server.disconnect();
