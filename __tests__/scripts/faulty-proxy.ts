/** An HTTP proxy between a command and its engine that breaks answers: whole commands meet it. */
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  request,
  type ServerResponse,
} from "node:http";
import type { AddressInfo } from "node:net";

interface Forwarded {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

interface Exchange {
  readonly operation: string;
  readonly input: Readonly<Record<string, unknown>>;
  readonly response: ServerResponse;
  /** Sends it on, or something else in its place. */
  forward(input?: object): Promise<Forwarded>;
}

/** Answers in the engine's place. @returns whether it did: what a fault cannot hit passes */
export type WireFault = (exchange: Exchange) => Promise<boolean>;

/** DynamoDB's answers are JSON of this kind. */
const json = { "content-type": "application/x-amz-json-1.0" };

/** A middle box answers 200 by itself: the engine never sees the request. */
const box =
  (body: string): WireFault =>
  async ({ response }) => {
    response.writeHead(200, json).end(body);
    return true;
  };

/** The engine's answer without some of its members. */
const without =
  (...members: readonly string[]): WireFault =>
  async ({ operation, response, forward }) => {
    if (operation !== "Scan") return false;
    const { status, headers, body } = await forward();
    const answer = JSON.parse(body) as Record<string, unknown>;
    for (const member of members) Reflect.deleteProperty(answer, member);
    response.writeHead(status, {
      ...json,
      "x-amzn-requestid": String(headers["x-amzn-requestid"]),
    });
    response.end(JSON.stringify(answer));
    return true;
  };

/** A page of a scan by somebody else. */
const page =
  (body: string, more: Record<string, string> = {}): WireFault =>
  async ({ operation, response }) => {
    if (operation !== "Scan") return false;
    response.writeHead(200, { ...json, ...more }).end(body);
    return true;
  };
const withId = { "x-amzn-requestid": "a-request" };

/** What breaks on the wire, by its name. */
export const wireFaults = {
  "an empty 200": box(""),
  "a 200 that says {}": box("{}"),
  "a 200 of somebody else's JSON": box('{"error":"login required"}'),
  "an end of the scan without a request id": page('{"Items":[],"Count":0,"ScannedCount":0}'),
  "an end of the scan that scanned nothing": page('{"Items":[],"Count":0}', withId),
  "an item without a key": page('{"Items":[{}],"Count":1,"ScannedCount":1}', withId),
  "a page without its items": without("Items", "LastEvaluatedKey"),
  "a page with fewer items than it counts": async ({ operation, response, forward }) => {
    if (operation !== "Scan") return false;
    const { body } = await forward();
    const { Items: items = [], ...rest } = JSON.parse(body) as { Items?: object[] };
    if (items.length === 0) return false;
    response.writeHead(200, json).end(JSON.stringify({ ...rest, Items: items.slice(1) }));
    return true;
  },
  "a body that is cut off": async ({ response, forward }) => {
    const { body } = await forward();
    response.writeHead(200, { ...json, "content-length": body.length + 10 });
    response.write(body.slice(0, body.length / 2), () => response.destroy());
    return true;
  },
  "an answer that is lost": async ({ response, forward }) => {
    await forward();
    response.destroy();
    return true;
  },
  "a throttle": async ({ response }) => {
    const type = "com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException";
    response.writeHead(400, json).end(JSON.stringify({ __type: type, message: "slower" }));
    return true;
  },
  "half a batch": async ({ operation, input, response, forward }) => {
    const [[table, requests] = []] = Object.entries((input.RequestItems ?? {}) as object) as [
      string,
      object[] | { readonly Keys: object[] },
    ][];
    if (table === undefined || requests === undefined) return false;
    const all = Array.isArray(requests) ? requests : requests.Keys;
    const half = Math.ceil(all.length / 2);
    const of = (some: object[]) => ({
      [table]: Array.isArray(requests) ? some : { ...requests, Keys: some },
    });
    // Nothing of a batch of one is left to be answered.
    if (all.length < 2) return false;
    const { body } = await forward({ ...input, RequestItems: of(all.slice(half)) });
    const left = operation === "BatchGetItem" ? "UnprocessedKeys" : "UnprocessedItems";
    const answer = { ...(JSON.parse(body) as object), [left]: of(all.slice(0, half)) };
    response.writeHead(200, { ...json, "x-amzn-requestid": "half" }).end(JSON.stringify(answer));
    return true;
  },
} satisfies Record<string, WireFault>;

/** What breaks the acknowledgement of an update, by its name. */
export const updateFaults = {
  "an empty acknowledgement with a request id": async ({ operation, response }) => {
    if (operation !== "UpdateItem") return false;
    response.writeHead(200, { ...json, ...withId }).end("{}");
    return true;
  },
  "an acknowledgement that names nothing": async ({ operation, response }) => {
    if (operation !== "UpdateItem") return false;
    response.writeHead(200, { ...json, ...withId }).end('{"Attributes":{}}');
    return true;
  },
} satisfies Record<string, WireFault>;

/** The answer begins, and never ends. */
export const stalled: WireFault = async ({ response, forward }) => {
  const { body } = await forward();
  response.writeHead(200, { ...json, "content-length": body.length });
  response.write(body.slice(0, body.length / 2));
  return true;
};

/** The answer comes, a byte at a time, and would take minutes. */
export const dripping: WireFault = async ({ response, forward }) => {
  const { body } = await forward();
  response.writeHead(200, { ...json, "content-length": body.length });
  let at = 0;
  const drip = setInterval(() => {
    // Whoever asked may have been gone before the first byte.
    if (response.socket?.destroyed ?? true) clearInterval(drip);
    else response.write(body.slice(at, ++at));
  }, 50);
  return true;
};

/** Bytes that are no HTTP. */
export const garbage: WireFault = async ({ response }) => {
  response.socket?.end(Buffer.from([0x15, 0x03, 0x01, 0, 2, 2, 0x46, 0xff, 0xfe]));
  return true;
};

/** An end of a scan that is no end, with all that an answer of DynamoDB's has. */
export const forgedEnd: WireFault = async ({ input, response }) => {
  if (input.Select !== undefined) return false;
  response.writeHead(200, { ...json, "x-amzn-requestid": "forged" });
  response.end(JSON.stringify({ Count: 0, ScannedCount: 0, Items: [] }));
  return true;
};

export interface FaultyProxy {
  readonly endpoint: string;
  /** Requests that a fault has hit since it was set. */
  readonly hits: number;
  /** Hits the first request of these operations, and every third one from there; or those due. */
  hit(
    fault: WireFault,
    operations?: readonly string[],
    /** @param nth from 1 */
    isDue?: (nth: number) => boolean,
  ): void;
  /** Requests of the operations that can be hit, since `hit` was called. */
  readonly seen: number;
  close(): Promise<void>;
}

export const ofItems = [
  "Scan",
  "GetItem",
  "PutItem",
  "UpdateItem",
  "DeleteItem",
  "BatchGetItem",
  "BatchWriteItem",
];

/** @param pageItems so many items a page of a scan has at most, so that few items make many pages */
export async function openFaultyProxy(engine: string, pageItems?: number): Promise<FaultyProxy> {
  const { hostname, port } = new URL(engine);
  let fault: WireFault | undefined;
  let operations: readonly string[] = ofItems;
  let isDue = (nth: number) => nth % 3 === 1;
  let seen = 0;
  let hits = 0;

  const forward = (from: IncomingMessage, body: string): Promise<Forwarded> =>
    new Promise((resolve, reject) => {
      const { "content-length": _length, ...headers } = from.headers;
      const sent = request(
        { hostname, port, method: "POST", path: from.url, headers },
        async (answer) => {
          const { statusCode: status = 0, headers: own } = answer;
          resolve({ status, headers: own, body: await textOf(answer) });
        },
      );
      sent.on("error", reject).end(body);
    });

  const server = createServer(async (from, response) => {
    let text = await textOf(from);
    const operation = String(from.headers["x-amz-target"]).split(".")[1] ?? "";
    let input = JSON.parse(text) as Record<string, unknown>;
    if (operation === "Scan" && pageItems !== undefined) {
      input = { ...input, Limit: pageItems };
      text = JSON.stringify(input);
    }
    const send = (other?: object) =>
      forward(from, other === undefined ? text : JSON.stringify(other));
    if (fault !== undefined && operations.includes(operation)) {
      seen += 1;
      if (isDue(seen) && (await fault({ operation, input, response, forward: send }))) {
        hits += 1;
        return;
      }
    }
    const { status, headers, body } = await send();
    const { "content-length": _length, "transfer-encoding": _encoding, ...kept } = headers;
    response.writeHead(status, kept).end(body);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get seen() {
      return seen;
    },
    get hits() {
      return hits;
    },
    hit: (next, among = ofItems, due = (nth) => nth % 3 === 1) => {
      [fault, operations, isDue, seen, hits] = [next, among, due, 0, 0];
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function textOf(message: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of message) parts.push(part as Buffer);
  return Buffer.concat(parts).toString();
}
