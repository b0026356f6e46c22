/** Leaves in the middle of a response that takes minutes, and has nothing left to do. */
import { createServer } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { startFaultProxy } from "../../src/testing/index.js";

const engine = createServer((_, response) => response.end("x".repeat(1_000)));
engine.unref();
engine.listen(0, "127.0.0.1", async () => {
  const { port } = engine.address() as AddressInfo;
  const proxy = await startFaultProxy({ target: `http://127.0.0.1:${port}` });
  proxy.inject({ fault: "dripInBody", delayMs: 1_000_000 });
  const client = connect(Number(new URL(proxy.url).port), "127.0.0.1");
  client.write(
    "POST / HTTP/1.1\r\nhost: h\r\nx-amz-target: D.GetItem\r\ncontent-length: 2\r\n\r\n{}",
  );
  client.once("data", () => {
    client.destroy();
    console.log("left");
  });
});
