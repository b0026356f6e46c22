/**
 * What calls leave on the heap until all of it is collected. A Set or a Map that each request joins and leaves
 * would keep much of what the requests made: `src/runtime/bag.ts` says why.
 */
import { execFile } from "node:child_process";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { promisify } from "node:util";
import { built } from "../built.js";
import type { Outcome, Task } from "./kept-process.js";

type Key = Readonly<Record<"PK" | "SK", { readonly S: string }>>;
interface Asked {
  readonly Key?: Key;
  readonly RequestItems?: Readonly<Record<string, { readonly Keys: readonly Key[] }>>;
}

const contentLength = 8_000;
const time = "1700000000000";
const stored = ({ PK, SK }: Key) => {
  const id = SK.S.replace("CONTENT#", "");
  const text = "x".repeat(contentLength);
  return {
    ...{ userId: { S: "u1" }, contentId: { S: id } },
    ...{ PK, SK, EntityType: { S: "SavedContent" } },
    ...{ GSI1PK: PK, GSI1SK: { S: `CONTENT#${time}#${id}` } },
    ...{ CreatedAt: { N: time }, UpdatedAt: { N: time } },
    Data: { M: { id: { S: id }, type: { S: "Blog Post" }, content: { S: text } } },
  };
};

function answerTo(operation: string, { Key, RequestItems = {} }: Asked): object {
  if (Key !== undefined) return { [operation === "GetItem" ? "Item" : "Attributes"]: stored(Key) };
  const Responses = Object.fromEntries(
    Object.entries(RequestItems).map(([name, { Keys }]) => [name, Keys.map(stored)]),
  );
  return { Responses, UnprocessedKeys: {} };
}

let server: Server;
let served = 0;
beforeAll(async () => {
  server = createServer(async (request, response) => {
    served += 1;
    const [, operation = ""] = String(request.headers["x-amz-target"]).split(".");
    const body = JSON.stringify(answerTo(operation, JSON.parse(await text(request)) as Asked));
    const headers = {
      "content-type": "application/x-amz-json-1.0",
      "x-amzn-requestid": `${served}`,
    };
    response.writeHead(200, headers).end(body);
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

async function outcomeOf(task: Omit<Task, "endpoint">): Promise<Outcome> {
  const { port } = server.address() as AddressInfo;
  const flags = ["--expose-gc", "--min-semi-space-size=64", "--max-semi-space-size=64"];
  const args = [
    ...flags,
    "--initial-old-space-size=512",
    built(join(__dirname, "kept-process.ts")),
  ];
  const given = { ...task, endpoint: `http://127.0.0.1:${port}` } satisfies Task;
  const { stdout } = await promisify(execFile)(process.execPath, [...args, JSON.stringify(given)]);
  return JSON.parse(stdout) as Outcome;
}

const calls = 1_024;

test.each([
  ["gets", "get", false],
  ["gathered gets", "get", true],
  ["puts", "put", false],
] as const)("%s, 32 at a time, leave less than 3 KB each", async (_, call, coalesce) => {
  const { bytesPerCall, sent, whole } = await outcomeOf({ call, coalesce, calls, contentLength });
  expect(whole).toBe(0);
  expect(sent.sdk).toBeLessThanOrEqual(32);
  expect(sent.direct).toBeGreaterThan(calls);
  // A Set in the place of a bag keeps 6 to 9 KB of each. What is compiled meanwhile is most of the rest.
  expect(bytesPerCall).toBeLessThan(3_000);
});
