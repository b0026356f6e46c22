/**
 * Requests in the form of one that the SDK has signed: the same host, headers and scope, with another
 * body, time and signature. So no rule of the SDK's about endpoints and headers is written again.
 */
import { Buffer } from "node:buffer";
import type { Post } from "./exchange.js";
import { algorithm, Signer, sha256, timeText } from "./signature.js";
import { traceHeader } from "./trace.js";

/** A pair of keys, as the SDK's providers return it. */
export interface Identity {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string | undefined;
}

/** What is read of a request of the SDK's. */
export interface SignedRequest {
  readonly method: string;
  readonly protocol: string;
  readonly hostname: string;
  readonly port?: number | undefined;
  readonly path: string;
  readonly query?: object | undefined;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  readonly fragment?: string | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
}

/** The headers whose values are the same in each request of an operation. */
const fixed = new Set([
  "content-type",
  "host",
  "user-agent",
  "x-amz-security-token",
  "x-amz-target",
  "x-amz-user-agent",
]);

/** The headers that are made for each request. */
const made = new Set([
  "authorization",
  "content-length",
  "x-amz-content-sha256",
  "x-amz-date",
  traceHeader.toLowerCase(),
]);

const authorization = new RegExp(
  `^${algorithm} Credential=([^/]+)/\\d{8}/([^/]+)/([^/]+)/aws4_request, SignedHeaders=([^,]+), Signature=[0-9a-f]{64}$`,
);

/** The parts of a request that are the same for all of one operation. */
export class RequestTemplate {
  /** Whose signature it makes: a copy, because a provider may renew the object that it returns. */
  readonly #identity: Identity;
  readonly #place: Pick<Post, "protocol" | "hostname" | "port">;
  /** All headers of a request, of which those that are made for each are still empty. */
  readonly #headers: Readonly<Record<string, string>>;
  readonly #signer: Signer;

  private constructor(like: SignedRequest, identity: Identity, signature: SignatureParts) {
    const { accessKeyId, secretAccessKey, sessionToken } = identity;
    const { protocol, hostname, port } = like;
    this.#identity = { accessKeyId, secretAccessKey, sessionToken };
    this.#place = { protocol, hostname, port };
    const same = Object.entries(like.headers).filter(([name]) => fixed.has(name));
    const headers = Object.fromEntries(same);
    this.#signer = new Signer({ ...identity, ...signature, headers });
    // A copy of an object that has all of its properties is made in one step: a hundred times as fast.
    this.#headers = {
      ...headers,
      "content-length": "",
      "x-amz-date": "",
      ...("x-amz-content-sha256" in like.headers && { "x-amz-content-sha256": "" }),
      authorization: "",
    };
  }

  /**
   * The template of a request.
   * @returns `undefined` if something in it is not known here, or if its signature is not the one that
   * would be made here: then only the SDK can make requests of its kind
   */
  static of(like: SignedRequest, identity: Identity): RequestTemplate | undefined {
    const { headers, body } = like;
    const parts = signatureParts(headers.authorization);
    const time = headers["x-amz-date"];
    if (typeof body !== "string" || time === undefined || !isPlainPost(like)) return undefined;
    if (parts?.accessKeyId !== identity.accessKeyId) return undefined;
    if (headers["x-amz-security-token"] !== identity.sessionToken) return undefined;
    const template = new RequestTemplate(like, identity, parts);
    const own = template.#signer.authorize(headers, sha256(body), time);
    return own === headers.authorization ? template : undefined;
  }

  /** Whether it makes the signatures of these credentials. */
  isOf({ accessKeyId, secretAccessKey, sessionToken }: Identity): boolean {
    const own = this.#identity;
    return (
      own.accessKeyId === accessKeyId &&
      own.secretAccessKey === secretAccessKey &&
      own.sessionToken === sessionToken
    );
  }

  /**
   * A request with a body of its own, signed at a time in epoch ms.
   * @param others headers that are not signed
   */
  fill(body: string, nowMs: number, others: Readonly<Record<string, string>>): Post {
    const time = timeText(nowMs);
    const sum = sha256(body);
    const headers: Record<string, string> = { ...this.#headers, ...others };
    headers["content-length"] = String(Buffer.byteLength(body));
    headers["x-amz-date"] = time;
    if ("x-amz-content-sha256" in headers) headers["x-amz-content-sha256"] = sum;
    headers.authorization = this.#signer.authorize(headers, sum, time);
    const { protocol, hostname, port } = this.#place;
    return { protocol, hostname, port, headers, body };
  }
}

interface SignatureParts {
  readonly accessKeyId: string;
  readonly region: string;
  readonly service: string;
  readonly names: readonly string[];
}

function signatureParts(header = ""): SignatureParts | undefined {
  const found = authorization.exec(header);
  if (found === null) return undefined;
  const [, accessKeyId = "", region = "", service = "", names = ""] = found;
  return { accessKeyId, region, service, names: names.split(";") };
}

/** Whether it is a POST to `/` of which each header is known. */
function isPlainPost(request: SignedRequest): boolean {
  const { method, protocol, path, query, username, password, fragment, headers } = request;
  return (
    method === "POST" &&
    (protocol === "http:" || protocol === "https:") &&
    path === "/" &&
    Object.keys(query ?? {}).length === 0 &&
    [username, password, fragment].every((part) => part === undefined) &&
    Object.keys(headers).every((name) => fixed.has(name) || made.has(name.toLowerCase()))
  );
}
