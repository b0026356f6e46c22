/** What a proxy does to one exchange, in bytes. */
import type { Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { type Message, messageOf } from "./messages.js";

/** What can go wrong between the two ends of a connection. */
export type WireFault =
  // ---- Something takes the response's place. The engine sees the request if `forward` says so.
  /** No byte of a response arrives, and the connection stays open. */
  | "noAnswer"
  /** The connection is closed without a response. */
  | "closed"
  /** The connection is reset (RST) without a response. */
  | "reset"
  /** Random bytes of no protocol, drawn from the seed. */
  | "randomBytes"
  /** A TLS alert on a plain port. */
  | "tlsAlert"
  /** An invalid status line. */
  | "badStatusLine"
  /** A header of 100,000 characters. */
  | "overlongHeader"
  /** 403 with an HTML page, as from a firewall. */
  | "html403"
  /** 302 to another place, as from a captive portal. */
  | "redirect302"
  /** 404 with an HTML page, as from another server. */
  | "notFound404"
  /** 408, and the connection is closed, as by a load balancer that waited long enough. */
  | "requestTimeout408"
  /** 200 with JSON that is not DynamoDB's. */
  | "foreignJson"
  /** 200 with `{}`, and no request id. */
  | "emptyObject"
  /** 200 without a body. */
  | "emptyBody"
  /** 200 with `null`. */
  | "nullBody"
  /** 200 with `[]`. */
  | "arrayBody"
  /** The engine is down: all connections are reset, and for `delayMs` the port refuses new ones. */
  | "outage"
  // ---- The engine has carried the request out, and its response is broken.
  /** The response stops within its headers, and the connection stays open. */
  | "stallInHead"
  /** The response stops after its headers. */
  | "stallBeforeBody"
  /** The response stops within its body. */
  | "stallInBody"
  /** The response stops before its last byte. */
  | "stallBeforeEnd"
  /** The response arrives in small pieces, over `delayMs` in all. */
  | "drip"
  /** The headers arrive at once, and the body in small pieces, over `delayMs` in all. */
  | "dripInBody"
  /** The complete response arrives `delayMs` late. */
  | "slow"
  /** The connection is closed within the headers. */
  | "cutInHead"
  /** The connection is closed within the body. */
  | "cutInBody"
  /** The connection is reset within the body. */
  | "resetInBody"
  /** A byte within the body is NUL. */
  | "corruptBody"
  /** The response is sent twice at once. */
  | "duplicateAnswer"
  /** The response is sent again `delayMs` later, when another request may be waiting for its own. */
  | "lateAnswer"
  // ---- The engine gets a request when nobody waits for it any more. Not among the random faults.
  /** The connection is reset, and the request is carried out `delayMs` later. */
  | "lateRequest"
  /** The request is carried out and answered, and carried out again `delayMs` later. */
  | "duplicateRequest";

/** One exchange that a fault hits, as the proxy passes it on. */
export interface WireExchange {
  readonly socket: Socket;
  readonly delayMs: number;
  /** The n-th number from 0 to 1 of this exchange, drawn from the seed. */
  drawn(n: number): number;
  /** Has the engine carry out the request later, whether or not anybody waits. */
  forwardLater(): void;
  /** Resets all connections, and refuses new ones for this many ms. */
  outage(ms: number): void;
}

/** The state of the connection after the fault: it continues, or it is over for the other end. */
type Left = "open" | "over";

interface Kind {
  /** Whether it needs the engine's response; otherwise it makes up one. */
  readonly needsAnswer: boolean;
  answer(exchange: WireExchange, answer: Message | undefined): Left | Promise<Left>;
}

const html = "<html><head><title>Blocked</title></head><body>Blocked by policy</body></html>";
const page = { "content-type": "text/html" };
const json = { "content-type": "application/x-amz-json-1.0" };

/** Writes, unless the other side is gone. */
export function write(socket: Socket, bytes: Buffer): Promise<void> {
  return new Promise((resolve) => {
    if (socket.destroyed || bytes.length === 0) resolve();
    else socket.write(bytes, () => resolve());
  });
}

export function whole({ head, body }: Message): Buffer {
  return Buffer.concat([head, body]);
}

function half(bytes: Buffer): Buffer {
  return bytes.subarray(0, bytes.length >> 1);
}

/** Makes up a response. */
function made(answer: (exchange: WireExchange) => Left | Promise<Left>): Kind {
  return { needsAnswer: false, answer };
}

const foreign = (status: number, body: string, headers: Readonly<Record<string, string>>): Kind =>
  made(async ({ socket }): Promise<Left> => {
    await write(socket, whole(messageOf(status, body, headers)));
    return "open";
  });

const bytes = (of: (exchange: WireExchange) => Buffer): Kind =>
  made(async (exchange): Promise<Left> => {
    await write(exchange.socket, of(exchange));
    // Anything that followed on it would be part of the same garbage.
    return "over";
  });

/** Breaks the engine's response. If the engine gave none, the connection is reset. */
function broken(answer: (exchange: WireExchange, answer: Message) => Promise<Left>): Kind {
  return {
    needsAnswer: true,
    answer: (exchange, given) => {
      if (given !== undefined) return answer(exchange, given);
      reset(exchange.socket);
      return "over";
    },
  };
}

/** Sends a part of the response, and then nothing, while the connection stays open. */
const stalled = (part: (answer: Message) => Buffer): Kind =>
  broken(async ({ socket }, answer) => {
    await write(socket, part(answer));
    return "over";
  });

/** Sends a part of the response, and then ends the connection. */
const cut = (part: (answer: Message) => Buffer, end: (socket: Socket) => void): Kind =>
  broken(async ({ socket }, answer) => {
    await write(socket, part(answer));
    end(socket);
    return "over";
  });

const finish = (socket: Socket): void => {
  socket.end();
};

/**
 * Resets a connection. One that is already ending is destroyed instead: libuv refuses to reset it,
 * and Node then never closes its handle, so that the process spins when it should exit (Node 20.20).
 */
export function reset(socket: Socket): void {
  if (socket.writableEnded) socket.destroy();
  else socket.resetAndDestroy();
}

const nothing = Buffer.alloc(0);
const pieces = 20;

/** Sends a first part of the response at once, and the rest in small pieces. */
const dripping = (part: (answer: Message) => Buffer, before: (answer: Message) => Buffer): Kind =>
  broken(async ({ socket, delayMs }, answer) => {
    const all = part(answer);
    const size = Math.ceil(all.length / pieces);
    const pauseMs = (delayMs * size) / all.length;
    await write(socket, before(answer));
    for (let at = 0; at < all.length && !socket.destroyed; at += size) {
      await write(socket, all.subarray(at, at + size));
      await sleep(pauseMs, undefined, { ref: false });
    }
    return "open";
  });

export const wireKinds: Readonly<Record<WireFault, Kind>> = {
  noAnswer: made(() => "over"),
  closed: made(({ socket }) => {
    finish(socket);
    return "over";
  }),
  reset: made(({ socket }) => {
    reset(socket);
    return "over";
  }),
  randomBytes: bytes(({ drawn }) =>
    Buffer.from(Array.from({ length: 64 }, (_, n) => Math.floor(drawn(n) * 256))),
  ),
  tlsAlert: bytes(() => Buffer.from([0x15, 0x03, 0x03, 0x00, 0x02, 0x02, 0x16])),
  badStatusLine: bytes(() => Buffer.from("HTTP/9.9 abc\r\n\r\n")),
  overlongHeader: bytes(() => Buffer.from(`HTTP/1.1 200 OK\r\nx: ${"y".repeat(100_000)}\r\n\r\n`)),
  html403: foreign(403, html, page),
  redirect302: foreign(302, "", { location: "http://portal.example/login" }),
  notFound404: foreign(404, html, page),
  requestTimeout408: made(async ({ socket }): Promise<Left> => {
    await write(socket, whole(messageOf(408, "", { connection: "close" })));
    finish(socket);
    return "over";
  }),
  foreignJson: foreign(200, '{"error":"login required"}', { "content-type": "application/json" }),
  emptyObject: foreign(200, "{}", json),
  emptyBody: foreign(200, "", json),
  nullBody: foreign(200, "null", json),
  arrayBody: foreign(200, "[]", json),
  outage: made(({ outage, delayMs }) => {
    outage(delayMs);
    return "over";
  }),
  stallInHead: stalled(({ head }) => half(head)),
  stallBeforeBody: stalled(({ head }) => head),
  stallInBody: stalled(({ head, body }) => Buffer.concat([head, half(body)])),
  stallBeforeEnd: stalled((answer) => whole(answer).subarray(0, -1)),
  drip: dripping(whole, () => nothing),
  dripInBody: dripping(
    ({ body }) => body,
    ({ head }) => head,
  ),
  slow: broken(async ({ socket, delayMs }, answer) => {
    await sleep(delayMs, undefined, { ref: false });
    await write(socket, whole(answer));
    return "open";
  }),
  cutInHead: cut(({ head }) => half(head), finish),
  cutInBody: cut(({ head, body }) => Buffer.concat([head, half(body)]), finish),
  resetInBody: cut(({ head, body }) => Buffer.concat([head, half(body)]), reset),
  corruptBody: broken(async ({ socket }, { head, body }) => {
    const broken = Buffer.from(body);
    if (broken.length > 0) broken[broken.length >> 1] = 0;
    await write(socket, Buffer.concat([head, broken]));
    return "open";
  }),
  duplicateAnswer: broken(async ({ socket }, answer) => {
    await write(socket, Buffer.concat([whole(answer), whole(answer)]));
    return "open";
  }),
  lateAnswer: broken(async ({ socket, delayMs }, answer) => {
    await write(socket, whole(answer));
    setTimeout(() => void write(socket, whole(answer)), delayMs).unref();
    return "open";
  }),
  lateRequest: made(({ socket, forwardLater }) => {
    forwardLater();
    reset(socket);
    return "over";
  }),
  duplicateRequest: broken(async ({ socket, forwardLater }, answer) => {
    forwardLater();
    await write(socket, whole(answer));
    return "open";
  }),
};

/** Every fault. */
export const wireFaultNames = Object.keys(wireKinds) as WireFault[];

/**
 * The requests that are carried out later. They arrive long after their call has ended, and make any
 * history possible.
 */
export const lateFaults: readonly WireFault[] = ["lateRequest", "duplicateRequest"];
