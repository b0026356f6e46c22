/** HTTP/1.1 messages as bytes: where each one ends, and its parts. */
import type { Socket } from "node:net";

/** A complete message: its head with the empty line, and its body with its framing. */
export interface Message {
  readonly head: Buffer;
  readonly body: Buffer;
  /** Nothing more follows on the connection. */
  readonly isLast: boolean;
}

const endOfHead = "\r\n\r\n";

/** The value of a header; `undefined` if the head has none of that name. */
export function headerOf(head: Buffer, name: string): string | undefined {
  for (const line of head.toString("latin1").split("\r\n").slice(1)) {
    const colon = line.indexOf(":");
    if (line.slice(0, colon).trim().toLowerCase() === name) return line.slice(colon + 1).trim();
  }
  return undefined;
}

/**
 * The bytes of a chunked body, its last chunk and trailers included; `undefined` if it is incomplete.
 */
function chunkedLength(body: Buffer): number | undefined {
  let at = 0;
  for (;;) {
    const line = body.indexOf("\r\n", at);
    if (line < 0) return undefined;
    const size = Number.parseInt(body.toString("latin1", at, line), 16);
    if (Number.isNaN(size)) throw new Error("a chunk has no size");
    if (size === 0) {
      // Trailers, one per line, up to an empty line.
      let from = line + 2;
      for (;;) {
        const next = body.indexOf("\r\n", from);
        if (next < 0) return undefined;
        if (next === from) return next + 2;
        from = next + 2;
      }
    }
    at = line + 2 + size + 2;
    if (at > body.length) return undefined;
  }
}

/** A chunked body without its framing. */
export function unchunked(body: Buffer): Buffer {
  const parts: Buffer[] = [];
  let at = 0;
  for (;;) {
    const line = body.indexOf("\r\n", at);
    const size = Number.parseInt(body.toString("latin1", at, line), 16);
    if (!(size > 0)) return Buffer.concat(parts);
    parts.push(body.subarray(line + 2, line + 2 + size));
    at = line + 2 + size + 2;
  }
}

/** Reads the messages of one connection, one after the other. */
export class MessageReader {
  readonly #socket: Socket;
  #bytes: Buffer[] = [];
  #size = 0;
  #ended = false;
  #wake: (() => void) | undefined;

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("data", (bytes: Buffer) => {
      this.#bytes.push(bytes);
      this.#size += bytes.length;
      this.#wake?.();
    });
    const end = (): void => {
      this.#ended = true;
      this.#wake?.();
    };
    socket.on("end", end).on("close", end);
  }

  /** The next message; `undefined` if the connection ends before it is complete. */
  async next(isAnswer: boolean): Promise<Message | undefined> {
    let needed = 0;
    for (;;) {
      // The parts of a long body are joined only once, when it may be complete.
      if (this.#size > 0 && this.#size >= needed) {
        const all = this.#joined();
        const end = all.indexOf(endOfHead);
        if (end >= 0) {
          const head = all.subarray(0, end + endOfHead.length);
          const rest = all.subarray(head.length);
          const found = this.#framed(head, rest, isAnswer);
          if (typeof found === "object") return found;
          needed = head.length + found;
        }
      }
      if (this.#ended) return undefined;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      this.#wake = undefined;
    }
  }

  /** The message, or the least number of body bytes that it needs. */
  #framed(head: Buffer, rest: Buffer, isAnswer: boolean): Message | number {
    const isClosing = headerOf(head, "connection")?.toLowerCase() === "close";
    const length = headerOf(head, "content-length");
    const isChunked = headerOf(head, "transfer-encoding")?.toLowerCase() === "chunked";
    if (isChunked) {
      const size = chunkedLength(rest);
      return size === undefined ? rest.length + 1 : this.#taken(head, rest, size, isClosing);
    }
    if (length === undefined && isAnswer) {
      return this.#ended ? this.#taken(head, rest, rest.length, true) : rest.length;
    }
    const size = Number(length ?? 0);
    return rest.length < size ? size : this.#taken(head, rest, size, isClosing);
  }

  #taken(head: Buffer, rest: Buffer, size: number, isLast: boolean): Message {
    const left = rest.subarray(size);
    this.#bytes = left.length > 0 ? [left] : [];
    this.#size = left.length;
    return { head, body: rest.subarray(0, size), isLast };
  }

  #joined(): Buffer {
    const all = this.#bytes.length === 1 ? (this.#bytes[0] as Buffer) : Buffer.concat(this.#bytes);
    this.#bytes = [all];
    return all;
  }

  /** Whether the other side has disconnected. */
  get isEnded(): boolean {
    return this.#ended || this.#socket.destroyed;
  }
}

/** Status, headers and body as one message. */
export function messageOf(
  status: number,
  body: string | Buffer,
  headers: Readonly<Record<string, string>> = {},
): Message {
  const bytes = Buffer.from(body);
  const lines = Object.entries({ "content-length": String(bytes.length), ...headers });
  const head = `HTTP/1.1 ${status} Answer\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join("")}\r\n`;
  const isLast = lines.some(([name, value]) => /^connection$/i.test(name) && /close/i.test(value));
  return { head: Buffer.from(head, "latin1"), body: bytes, isLast };
}
