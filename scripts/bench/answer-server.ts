/**
 * An HTTP server in a process of its own that responds at once, with DynamoDB's headers. Its parent
 * tells it the cell, and it confirms that by the same message.
 */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import zlib from "node:zlib";
import { answerTo, type CellName } from "./canned.js";

let cell: CellName = "get";
let served = 0;
const sums = new WeakMap<Buffer, string>();

/** As DynamoDB's, which sends the sum of each response's bytes. It is kept: most bodies are the same. */
function sumOf(body: Buffer): string {
  const known = sums.get(body) ?? String(zlib.crc32(body));
  sums.set(body, known);
  return known;
}

const server = createServer(async (request, response) => {
  const body = answerTo(cell, await text(request));
  served += 1;
  response
    .writeHead(200, {
      "content-type": "application/x-amz-json-1.0",
      "content-length": body.byteLength,
      "x-amz-crc32": sumOf(body),
      // Each response has its own id, or a client that looks at it would take it for a repeated one.
      "x-amzn-requestid": `BENCH${served}`,
    })
    .end(body);
});
// Between two rounds of a library its connections are idle, longer than Node would keep them.
server.keepAliveTimeout = 0;
server.listen(0, "127.0.0.1", () => process.send?.((server.address() as AddressInfo).port));
process.on("message", (next: CellName) => {
  cell = next;
  process.send?.(next);
});
process.on("disconnect", () => process.exit());
