/** The two ways on which a library's requests go: to a canned response, or over HTTP to a server. */
import { Readable } from "node:stream";
import type { DynamoDBClientConfig } from "@aws-sdk/client-dynamodb";
import { answerTo, type CellName } from "./canned.js";

export const ways = ["canned", "http"] as const;

/** `canned`: a handler that responds at once. `http`: a server on this machine that does. */
export type Over = (typeof ways)[number];

/** A way on which the requests of one library go. */
export interface Wire {
  /** For a client of the SDK: its defaults, except for where requests go. */
  readonly config: DynamoDBClientConfig;
  /** Where the requests go; `undefined` if they are answered without HTTP. */
  readonly endpoint: string | undefined;
  /** Chooses the responses from now on. Over HTTP the server chooses; it is told by itself. */
  answer(cell: CellName): void;
  /** The response to one request, without HTTP. */
  answerTo(request: unknown): Buffer;
  /** How many requests were answered without HTTP. */
  answered(): number;
}

/** Any will do: nobody checks the signature. */
export const place = {
  region: "us-east-1",
  credentials: { accessKeyId: "bench", secretAccessKey: "bench" },
};

/** @param endpoint of the server; without one the responses are canned */
export function openWire(endpoint: string | undefined): Wire {
  let cell: CellName = "get";
  let answered = 0;
  const respond = (request: unknown) => {
    answered += 1;
    return answerTo(cell, request);
  };
  const config =
    endpoint === undefined
      ? { ...place, endpoint: "http://127.0.0.1:1", requestHandler: cannedHandler(respond) }
      : { ...place, endpoint };
  return {
    config,
    endpoint,
    answerTo: respond,
    answered: () => answered,
    answer(next) {
      cell = next;
    },
  };
}

/** A request handler that responds at once: only the cost of a library is left. */
function cannedHandler(respond: (request: unknown) => Buffer) {
  const headers = { "content-type": "application/x-amz-json-1.0", "x-amzn-requestid": "canned" };
  const handler = {
    metadata: { handlerProtocol: "http/1.1" },
    handle: async ({ body }: { readonly body?: unknown }) => ({
      response: {
        statusCode: 200,
        headers: { ...headers },
        body: streamOf(respond(body)),
      },
    }),
    destroy(): void {
      // Nothing is open.
    },
    updateHttpClientConfig(): void {
      // Nothing to configure.
    },
    httpHandlerConfigs: () => ({}),
  };
  return handler as unknown as NonNullable<DynamoDBClientConfig["requestHandler"]>;
}

/**
 * Not `Readable.from`, whose iterator links each response to the next one while no turn of the event loop
 * ends: the parsed values of all are then kept until the whole heap is collected, which costs a third.
 */
function streamOf(body: Buffer): Readable {
  return new Readable({
    read() {
      this.push(body);
      this.push(null);
    },
  });
}
