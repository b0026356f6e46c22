/** Signature Version 4 of a POST to `/`, whose body is there: all that DynamoDB's requests need. */
import { Buffer } from "node:buffer";
import crypto from "node:crypto";

/** What the signatures of all requests of one kind have in common. */
export interface SignedKind {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly region: string;
  readonly service: string;
  /** The names of the signed headers, in lower case and in order. */
  readonly names: readonly string[];
  /** The values of those that are the same in each request. */
  readonly headers: Readonly<Record<string, string>>;
}

export const algorithm = "AWS4-HMAC-SHA256";

const { createHash, createHmac } = crypto;

type Hash = (algorithm: string, data: string | Buffer, encoding: "hex" | "binary") => string;

// Node 20.12 and 21.7 brought the function, which costs half of an object for each hash.
const hash: Hash =
  (crypto as { readonly hash?: Hash }).hash ??
  ((name, data, encoding) => createHash(name).update(data).digest(encoding));

/** The SHA-256 of a text, in hexadecimal. */
export const sha256 = (text: string): string => hash("sha256", text, "hex");

const hmac = (key: string | Buffer, text: string): Buffer =>
  createHmac("sha256", key).update(text).digest();

/** The bytes of a block of SHA-256. */
const blockBytes = 64;

/** HMAC-SHA256 with one key, as RFC 2104 has it: two hashes cost half of one object of Node's. */
class Mac {
  /** The padded key, and room for what follows it. */
  #inner: Buffer;
  readonly #outer: Buffer;

  /** @param key of at most one block */
  constructor(key: Buffer) {
    this.#inner = padded(key, 0x36, blockBytes);
    this.#outer = padded(key, 0x5c, blockBytes + 32);
  }

  /** The code of a text, in hexadecimal. */
  of(text: string): string {
    const length = blockBytes + Buffer.byteLength(text);
    if (this.#inner.length !== length) {
      this.#inner = Buffer.concat([this.#inner.subarray(0, blockBytes)], length);
    }
    this.#inner.write(text, blockBytes);
    this.#outer.write(hash("sha256", this.#inner, "binary"), blockBytes, "binary");
    return hash("sha256", this.#outer, "hex");
  }
}

function padded(key: Buffer, pad: number, length: number): Buffer {
  const block = Buffer.alloc(length);
  for (let index = 0; index < blockBytes; index += 1) block[index] = (key[index] ?? 0) ^ pad;
  return block;
}

/** What is valid for a day: the key, and where it is valid. */
interface Day {
  /** As `20261128`. */
  readonly date: string;
  /** As requests name it: `20261128/us-east-1/dynamodb/aws4_request`. */
  readonly scope: string;
  readonly mac: Mac;
  /** The header that authorizes a request, up to the signature. */
  readonly header: string;
}

/** Signs requests of one kind. */
export class Signer {
  readonly #kind: SignedKind;
  readonly #names: string;
  /** Of the signed headers: the text of those that are the same, and the names of the others. */
  readonly #lines: readonly { readonly text: string; readonly name?: string }[];
  #day: Day | undefined;

  constructor(kind: SignedKind) {
    this.#kind = kind;
    this.#names = kind.names.join(";");
    this.#lines = linesOf(kind);
  }

  /**
   * The header that authorizes a request.
   * @param made the values of the headers that are made for it
   * @param sum the SHA-256 of its body, in hexadecimal
   * @param time as `20261128T235959Z`
   */
  authorize(made: Readonly<Record<string, string>>, sum: string, time: string): string {
    let canonical = "POST\n/\n\n";
    for (const { text, name } of this.#lines) {
      canonical += name === undefined ? text : `${text}${name}:${made[name] ?? ""}\n`;
    }
    canonical += `\n${this.#names}\n${sum}`;
    const { scope, mac, header } = this.#dayOf(time);
    return header + mac.of(`${algorithm}\n${time}\n${scope}\n${sha256(canonical)}`);
  }

  #dayOf(time: string): Day {
    const kept = this.#day;
    if (kept !== undefined && time.startsWith(kept.date)) return kept;
    const { accessKeyId, secretAccessKey, region, service } = this.#kind;
    const date = time.slice(0, 8);
    const scope = `${date}/${region}/${service}/aws4_request`;
    const key = hmac(
      hmac(hmac(hmac(`AWS4${secretAccessKey}`, date), region), service),
      "aws4_request",
    );
    const header = `${algorithm} Credential=${accessKeyId}/${scope}, SignedHeaders=${this.#names}, Signature=`;
    this.#day = { date, scope, mac: new Mac(key), header };
    return this.#day;
  }
}

/** The lines of the signed headers; those that are the same and follow each other are one text. */
function linesOf({ names, headers }: SignedKind): { text: string; name?: string }[] {
  const lines: { text: string; name?: string }[] = [];
  let text = "";
  for (const name of names) {
    const value = headers[name];
    if (value !== undefined) text += `${name}:${canonicalValue(value)}\n`;
    else {
      lines.push({ text, name });
      text = "";
    }
  }
  return [...lines, { text }];
}

/** The last second, whose text most requests share with the one before. */
let lastSecond = Number.NaN;
let lastText = "";

/** A time in the form of signatures: `20261128T235959Z`. */
export function timeText(ms: number): string {
  const second = Math.floor(ms / 1_000);
  if (second !== lastSecond) {
    lastText = `${new Date(ms).toISOString().slice(0, 19).replaceAll(/[-:]/g, "")}Z`;
    lastSecond = second;
  }
  return lastText;
}

/** A header's value without spaces around it, and with one where there are several. */
function canonicalValue(value: string): string {
  return value.trim().replace(/\s+/g, " ");
}
