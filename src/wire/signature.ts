/** Signature Version 4 of a POST to `/`, whose body is there: all that DynamoDB's requests need. */
import crypto from "node:crypto";

/** What a signature is valid for. */
export interface Scope {
  /** The day, as `20261128`. */
  readonly date: string;
  readonly region: string;
  readonly service: string;
}

/** A request, as far as it is signed. */
export interface Signable {
  /** The names of the signed headers, in lower case and in order. */
  readonly names: readonly string[];
  readonly headers: Readonly<Record<string, string>>;
  /** Of the body, in hexadecimal. */
  readonly sha256: string;
  /** As `20261128T235959Z`. */
  readonly time: string;
}

export const algorithm = "AWS4-HMAC-SHA256";

// Node 20.12 and 21.7 brought the function, which costs half of an object for each hash.
const { createHash, createHmac, hash } = crypto as typeof crypto & {
  readonly hash?: (algorithm: string, data: string | Buffer, encoding: "hex") => string;
};

/** The SHA-256 of a text or of bytes, in hexadecimal. */
export const sha256: (data: string | Buffer) => string =
  hash === undefined
    ? (data) => createHash("sha256").update(data).digest("hex")
    : (data) => hash("sha256", data, "hex");

const hmac = (key: string | Buffer, text: string): Buffer =>
  createHmac("sha256", key).update(text).digest();

/** Signs with one secret key. What it derives from that is valid for a day, and is kept. */
export class Signer {
  readonly #secret: string;
  #scope: Scope | undefined;
  #key: Buffer | undefined;

  constructor(secretAccessKey: string) {
    this.#secret = secretAccessKey;
  }

  /** The signature of a request, in hexadecimal. */
  sign({ names, headers, sha256: ofBody, time }: Signable, scope: Scope): string {
    let canonical = "POST\n/\n\n";
    for (const name of names) canonical += `${name}:${canonicalValue(headers[name] ?? "")}\n`;
    canonical += `\n${names.join(";")}\n${ofBody}`;
    const text = `${algorithm}\n${time}\n${scopeText(scope)}\n${sha256(canonical)}`;
    return createHmac("sha256", this.#keyFor(scope)).update(text).digest("hex");
  }

  #keyFor(scope: Scope): Buffer {
    const { date, region, service } = scope;
    const kept = this.#scope;
    const isSame =
      kept?.date === date && kept.region === region && kept.service === service && this.#key;
    if (isSame) return isSame;
    const ofDate = hmac(`AWS4${this.#secret}`, date);
    this.#key = hmac(hmac(hmac(ofDate, region), service), "aws4_request");
    this.#scope = scope;
    return this.#key;
  }
}

/** A scope as requests name it: `20261128/us-east-1/dynamodb/aws4_request`. */
export function scopeText({ date, region, service }: Scope): string {
  return `${date}/${region}/${service}/aws4_request`;
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
