/** Where a request comes from: pages of the handler's own origin, and of those that the application lists. */
import { ConfigurationError } from "../errors/configuration-error.js";
import { notAllowed } from "./refused.js";

/** @throws ConfigurationError for anything but a list of origins as browsers send them */
export function checkedOrigins(name: string, given: unknown): readonly string[] {
  const origins: unknown[] = Array.isArray(given) ? [...given] : [given];
  const isOrigin = (origin: unknown) => {
    return typeof origin === "string" && urlOf(origin)?.origin === origin;
  };
  if (Array.isArray(given) && origins.every(isOrigin)) return origins as string[];
  throw new ConfigurationError(
    `${name}: origins must be a list of origins, such as "https://app.example.com"`,
  );
}

/**
 * Refuses requests of other pages. A browser names the page's origin in every request but a GET of its own
 * site, and what it names no page can change; other programs may leave it out.
 * @returns the origin, if it is a listed one: its pages may read the response
 * @throws Refused
 */
export function checkOrigin(request: Request, origins: readonly string[]): string | undefined {
  const origin = request.headers.get("origin");
  if (origin === null) {
    const site = request.headers.get("sec-fetch-site");
    if (site !== null && site !== "same-origin" && site !== "none") throw notAllowed();
    return undefined;
  }
  if (origins.includes(origin)) return origin;
  if (!isOwn(request, origin)) throw notAllowed();
  return undefined;
}

/** Behind a proxy that ends TLS, the handler's own address has another scheme, and the host is the same. */
function isOwn(request: Request, given: string): boolean {
  const origin = urlOf(given);
  const own = new URL(request.url);
  if (origin === undefined || origin.origin !== given) return false;
  if (given === own.origin) return true;
  const isSafe = origin.protocol === "https:" || own.protocol === "http:";
  return isSafe && origin.host === (request.headers.get("host") ?? own.host);
}

/** An address; `undefined` for anything else, as the origin `null` of a page without one. */
function urlOf(text: string): URL | undefined {
  return URL.canParse(text) ? new URL(text) : undefined;
}
