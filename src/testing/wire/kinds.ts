/** What a proxy does to one exchange, in bytes. */
import type { Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { type Message, messageOf } from "./messages.js";

/** What can go wrong between the two ends of a connection. */
export type WireFault =
  // ---- What stands in the answer's place. The engine sees the request where `forward` says so.
  /** No byte of an answer comes, and the connection stays open. */
  | "noAnswer"
  /** The connection is closed without an answer. */
  | "closed"
  /** The connection is reset (RST) without an answer. */
  | "reset"
  /** Bytes of no protocol, drawn from the seed. */
  | "randomBytes"
  /** A TLS alert on a plain port. */
  | "tlsAlert"
  /** A status line that is none. */
  | "badStatusLine"
  /** A header of 100,000 characters. */
  | "overlongHeader"
  /** 403 with a page of HTML: a firewall. */
  | "html403"
  /** 302 to another place: a portal for guests. */
  | "redirect302"
  /** 404 with a page of HTML: another server. */
  | "notFound404"
  /** 408, and the connection is closed: a load balancer that waited long enough. */
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
  /** The engine is gone: all connections are reset, and for `delayMs` the port refuses new ones. */
  | "outage"
  // ---- The engine has carried the request out, and its answer is broken.
  /** The answer stops within its headers, and the connection stays open. */
  | "stallInHead"
  /** The answer stops after its headers. */
  | "stallBeforeBody"
  /** The answer stops within its body. */
  | "stallInBody"
  /** The answer stops before its last byte. */
  | "stallBeforeEnd"
  /** The answer comes in small pieces, with `delayMs` in all. */
  | "drip"
  /** The headers come at once, and the body in small pieces, with `delayMs` in all. */
  | "dripInBody"
  /** The whole answer comes `delayMs` late. */
  | "slow"
  /** The connection is closed within the headers. */
  | "cutInHead"
  /** The connection is closed within the body. */
  | "cutInBody"
  /** The connection is reset within the body. */
  | "resetInBody"
  /** A byte within the body is NUL. */
  | "corruptBody"
  /** The answer is sent twice at once. */
  | "duplicateAnswer"
  /** The answer is sent once more `delayMs` later, when another request may wait for its own. */
  | "lateAnswer"
  // ---- The engine gets a request when nobody waits for it any more. Not among the random ones.
  /** The connection is reset, and the request is carried out `delayMs` later. */
  | "lateRequest"
  /** The request is carried out and answered, and once more `delayMs` later. */
  | "duplicateRequest";

/** One exchange that a fault hits, as the proxy hands it on. */
export interface WireExchange {
  readonly socket: Socket;
  readonly delayMs: number;
  /** A number from 0 to 1 of the seed, the n-th of this exchange. */
  drawn(n: number): number;
  /** Has the engine carry it out later, whoever waits. */
  forwardLater(): void;
  /** Resets all connections, and refuses new ones for so long. */
  outage(ms: number): void;
}

/** What is left of the connection: it goes on, or it is over for whoever is at the other end. */
type Left = "open" | "over";

interface Kind {
  /** Whether it needs the engine's answer; else it makes one up. */
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

/** Makes up an answer. */
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
    // Whatever came next on it would be part of the same garbage.
    return "over";
  });

/** Breaks the engine's answer; where the engine gave none, the connection is reset. */
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

/** A part of the answer, and then nothing while the connection stays open. */
const stalled = (part: (answer: Message) => Buffer): Kind =>
  broken(async ({ socket }, answer) => {
    await write(socket, part(answer));
    return "over";
  });

/** A part of the answer, and then an end. */
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
 * Resets a connection. One that is being ended is destroyed: libuv refuses to reset it, and Node then
 * never closes its handle, so that the process spins when it should exit (Node 20.20).
 */
export function reset(socket: Socket): void {
  if (socket.writableEnded) socket.destroy();
  else socket.resetAndDestroy();
}

const nothing = Buffer.alloc(0);
const pieces = 20;

/** A part of the answer in small pieces, after one that comes at once. */
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

/** What is carried out later: a request that comes when its call has long ended makes any history. */
export const lateFaults: readonly WireFault[] = ["lateRequest", "duplicateRequest"];
