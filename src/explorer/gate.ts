/** Who may speak to the explorer: the browser that was given its address with the token, and no other page. */
import { createHash, timingSafeEqual } from "node:crypto";
import { checkContentType } from "../server/body.js";
import { checkOrigin } from "../server/origin.js";
import { notAllowed, notSignedIn, wrong } from "../server/refused.js";

export interface GateOptions {
  /** The port that the server listens on, on 127.0.0.1. */
  readonly port: number;
  /** A secret that nobody can guess, as text that a URL may hold. */
  readonly token: string;
}

/** The parameter of the address that the command prints. */
export const tokenParameter = "token";

const operation = /^\/api\/([a-z]+)$/;

/** What a request asks for. */
export type Asked =
  | { readonly kind: "file"; readonly path: string; readonly cookie: string | undefined }
  | { readonly kind: "operation"; readonly name: string };

/**
 * Checks a request. A cookie has the token once the address was opened: pages of other sites never send it,
 * and scripts cannot read it.
 */
export class Gate {
  readonly #hosts: readonly string[];
  readonly #cookieName: string;
  readonly #token: string;

  constructor({ port, token }: GateOptions) {
    this.#hosts = [`127.0.0.1:${port}`, `localhost:${port}`];
    // Cookies are shared by all ports of a host.
    this.#cookieName = `bayon-explorer-${port}`;
    this.#token = token;
  }

  /** @throws Refused */
  check(request: Request): Asked {
    const { method, headers } = request;
    // A name of another site's that leads to this machine has its own host here.
    if (!this.#hosts.includes(headers.get("host") ?? "")) throw notAllowed();
    const { pathname, searchParams } = new URL(request.url);
    const [, name] = operation.exec(pathname) ?? [];
    if (name === undefined) return this.#file(request, pathname, searchParams);
    checkOrigin(request, []);
    if (method !== "POST") throw wrong("method", "must be POST", 405, { allow: "POST" });
    if (!this.#hasCookie(headers)) throw notSignedIn();
    checkContentType(request);
    return { kind: "operation", name };
  }

  #file({ method, headers }: Request, path: string, parameters: URLSearchParams): Asked {
    if (method !== "GET" && method !== "HEAD") {
      throw wrong("method", "must be GET", 405, { allow: "GET, HEAD" });
    }
    const given = parameters.get(tokenParameter);
    if (path === "/" && given !== null) {
      if (!isSame(given, this.#token)) throw notSignedIn();
      return { kind: "file", path, cookie: this.#cookie() };
    }
    if (!this.#hasCookie(headers)) throw notSignedIn();
    return { kind: "file", path, cookie: undefined };
  }

  #cookie(): string {
    return `${this.#cookieName}=${this.#token}; Path=/; HttpOnly; SameSite=Strict`;
  }

  #hasCookie(headers: Headers): boolean {
    const beginning = `${this.#cookieName}=`;
    return (headers.get("cookie") ?? "")
      .split(";")
      .map((text) => text.trim())
      .some(
        (text) => text.startsWith(beginning) && isSame(text.slice(beginning.length), this.#token),
      );
  }
}

/** Compared in the same time whatever is given. */
function isSame(given: string, expected: string): boolean {
  const digest = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(given), digest(expected));
}
