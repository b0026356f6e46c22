/**
 * A DynamoDB engine behind a proxy that records requests and outcomes, and fails as the ids in a
 * request say. So an application needs no set-up to meet a fault, wherever it runs:
 *
 * | in the body | what happens |
 * |---|---|
 * | `answer-lost-once…` | carried out, but the first response is lost |
 * | `answer-lost-always` | carried out, and every response is lost |
 * | `left-once…` | the second half of a batch is left unprocessed at first |
 * | `left-always` | the second half of a batch is left unprocessed, at least one item |
 * | `throttled-once`, `throttled-always` | refused, at first or each time |
 * | `stalled` | never answered |
 */
import { randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { createDataLayer } from "../../../src/data-layer.js";
import { startEngine } from "../../../src/testing/engine.js";

/** A request that reached the proxy, before any fault. */
export interface Recorded {
  readonly step: string;
  /** DynamoDB's operation, for instance `PutItem`. */
  readonly operation: string;
  readonly body: string;
}

/** What one part of the flow reported about itself. */
export interface Outcome {
  readonly part: string;
  readonly outcomes: readonly {
    readonly step: string;
    readonly value?: unknown;
    readonly error?: { readonly mayHaveBeenDone?: boolean };
    /** Whether it threw an unexpected error, or did not throw an expected one. */
    readonly unexpected?: true;
  }[];
}

/** Everything that a run of the flow did. */
export interface Run {
  readonly requests: readonly Recorded[];
  readonly outcomes: readonly Outcome[];
}

export interface Recorder {
  readonly endpoint: string;
  /** The environment variables by which an application finds the table. */
  readonly env: Readonly<Record<string, string>>;
  readonly run: Run;
  close(): Promise<void>;
}

const tableName = "flow";

interface Exchange {
  readonly operation: string;
  readonly body: string;
  readonly response: ServerResponse;
  /** Whether a lost response has begun. */
  readonly cut: boolean;
  /** Has the engine carry out the request. */
  forward(body: string): Promise<{ status: number; text: string }>;
}

type Fault = (exchange: Exchange) => Promise<void>;

const answer = (response: ServerResponse, status: number, text: string): void => {
  response.writeHead(status, {
    "content-type": "application/x-amz-json-1.0",
    "content-length": Buffer.byteLength(text),
    "x-amzn-requestid": randomUUID(),
  });
  response.end(text);
};

const carryOut: Fault = async ({ body, response, forward }) => {
  const { status, text } = await forward(body);
  answer(response, status, text);
};

/** The first bytes of a response. */
const begun = "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{";

const loseAnswer: Fault = async ({ body, response, forward, cut }) => {
  await forward(body);
  if (!cut) response.destroy();
  else response.socket?.end(begun);
};

const throttle: Fault = async ({ response }) => {
  const __type = "com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException";
  answer(response, 400, JSON.stringify({ __type, message: "slow down" }));
};

/** The caller gives up, or `close` ends it. */
const stall: Fault = async ({ response, cut }) => {
  if (cut) response.socket?.write(begun);
};

type Batch = { RequestItems: Record<string, unknown[] | { Keys: unknown[] }> };

/** Has the first half of a batch carried out, and reports the second half as unprocessed. */
const leaveHalf: Fault = async ({ operation, body, response, forward }) => {
  const batch = JSON.parse(body) as Batch;
  const taken: Batch["RequestItems"] = {};
  const left: Batch["RequestItems"] = {};
  for (const [table, asked] of Object.entries(batch.RequestItems)) {
    const all = Array.isArray(asked) ? asked : asked.Keys;
    const half = Math.floor(all.length / 2);
    const part = (items: unknown[]) => (Array.isArray(asked) ? items : { ...asked, Keys: items });
    if (half > 0) taken[table] = part(all.slice(0, half));
    left[table] = part(all.slice(half));
  }
  const nothing = operation === "BatchGetItem" ? '{"Responses":{}}' : "{}";
  const { status, text } =
    Object.keys(taken).length === 0
      ? { status: 200, text: nothing }
      : await forward(JSON.stringify({ ...batch, RequestItems: taken }));
  const done = JSON.parse(text) as object;
  const name = operation === "BatchGetItem" ? "UnprocessedKeys" : "UnprocessedItems";
  answer(response, status, JSON.stringify(status === 200 ? { ...done, [name]: left } : done));
};

const always: [marker: RegExp, fault: Fault, operations: RegExp][] = [
  [/answer-lost-always/, loseAnswer, /^(?:Put|Update|Delete)Item$/],
  [/left-always/, leaveHalf, /^Batch/],
  [/throttled-always/, throttle, /./],
  [/stalled/, stall, /./],
];

const once: [marker: RegExp, fault: Fault, operations: RegExp][] = [
  [
    /answer-lost-once[a-z-]*/,
    loseAnswer,
    /^(?:(?:Put|Update|Delete)Item|BatchWriteItem|TransactWriteItems)$/,
  ],
  [/left-once[a-z-]*/, leaveHalf, /^Batch/],
  [/throttled-once/, throttle, /./],
];

/** The fault that a request asks for. One that hits once is used up per owner, operation and marker. */
function faultFor(operation: string, body: string, spent: Set<string>): Fault {
  for (const [marker, fault, operations] of always) {
    if (operations.test(operation) && marker.test(body)) return fault;
  }
  for (const [marker, fault, operations] of once) {
    const found = operations.test(operation) ? marker.exec(body) : null;
    const owner = /(?:USER|OAUTH)#[\w-]+/.exec(body)?.[0];
    const id = `${owner} ${operation} ${found?.[0]}`;
    if (found !== null && !spent.has(id)) {
      spent.add(id);
      return fault;
    }
  }
  return carryOut;
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

export interface RecorderOptions {
  /** Whether lost and stalled responses begin to arrive. @default false: not a byte of them arrives */
  readonly cut?: boolean;
}

/** An engine with an empty table, and the proxy in front of it. */
export async function startRecorder({ cut = false }: RecorderOptions = {}): Promise<Recorder> {
  const engine = await startEngine();
  const credentials = engine.credentials;
  const { endpoint, region } = engine;
  const owner = createDataLayer({ environment: "local", tableName, endpoint, region, credentials });
  await owner.table.create();
  await owner.close();

  const requests: Recorded[] = [];
  const outcomes: Outcome[] = [];
  const spent = new Set<string>();
  let step = "";

  const server = createServer(async (request, response) => {
    try {
      const body = await textOf(request);
      if (request.url === "/step") step = body;
      if (request.url === "/outcome") outcomes.push(JSON.parse(body) as Outcome);
      if (request.url !== "/") {
        response.end();
        return;
      }
      const target = String(request.headers["x-amz-target"]);
      const operation = target.slice(target.lastIndexOf(".") + 1);
      requests.push({ step, operation, body });
      const forward = async (forwarded: string) => {
        const headers = Object.fromEntries(
          ["authorization", "content-type", "x-amz-date", "x-amz-target"].map((name) => [
            name,
            String(request.headers[name]),
          ]),
        );
        const answered = await fetch(endpoint, { method: "POST", headers, body: forwarded });
        return { status: answered.status, text: await answered.text() };
      };
      await faultFor(operation, body, spent)({ operation, body, response, cut, forward });
    } catch (error) {
      answer(response, 500, JSON.stringify({ __type: "Recorder", message: String(error) }));
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    endpoint: url,
    env: {
      COAGENT_ENV: "development",
      DYNAMODB_TABLE_NAME: tableName,
      AWS_ENDPOINT_URL_DYNAMODB: url,
      AWS_REGION: region,
      AWS_ACCESS_KEY_ID: credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    },
    run: { requests, outcomes },
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await engine.close();
    },
  };
}
