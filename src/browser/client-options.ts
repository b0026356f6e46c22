/** What `createDataClient` takes. */
import { longestTimerMs } from "../runtime/signals.js";
import { errorOf, isDynamoDBError } from "./errors.js";

/** Headers of a request by their names. */
type GivenHeaders = Readonly<Record<string, string>>;

export interface DataClientOptions {
  /** The address of the handler, for instance `/api/data`. */
  readonly url: string;
  /** @default the global `fetch` */
  readonly fetch?: typeof fetch | undefined;
  /** Headers of each request, such as `authorization`, or a function that returns them. @default none */
  readonly headers?: GivenHeaders | (() => GivenHeaders | Promise<GivenHeaders>) | undefined;
  /** Whether cookies are sent to another origin too. @default "same-origin" */
  readonly credentials?: "same-origin" | "include" | "omit" | undefined;
  /** How long a request may take, in ms. @default 30000 */
  readonly timeoutMs?: number | undefined;
  /** For how long a request without a response is sent again, in ms. @default 10000 */
  readonly retryMs?: number | undefined;
  /**
   * For how long a mutation waits for a server that cannot be reached, in ms. It must be less than the
   * handler's `rememberMs`. @default 43200000, half a day
   */
  readonly keepMs?: number | undefined;
}

/** The options with every default filled in. */
export interface ClientSettings {
  readonly url: string;
  readonly fetch: typeof fetch;
  readonly headers: DataClientOptions["headers"];
  readonly credentials: NonNullable<DataClientOptions["credentials"]>;
  readonly timeoutMs: number;
  readonly retryMs: number;
  readonly keepMs: number;
  /** How long to wait before the next try, in ms. */
  delayMs(tries: number): number;
}

const known: readonly string[] = Object.keys({
  url: true,
  fetch: true,
  headers: true,
  credentials: true,
  timeoutMs: true,
  retryMs: true,
  keepMs: true,
} satisfies Record<keyof DataClientOptions, true>);

const firstDelayMs = 200;
const mostDelayMs = 30_000;

const wrong = (text: string) =>
  errorOf("ConfigurationError", "ConfigurationError", `createDataClient: ${text}`);

/** @throws ConfigurationError for an option that is unknown, missing or wrong, or cannot be read */
export function clientSettings(given: DataClientOptions): ClientSettings {
  try {
    return settingsIn(given);
  } catch (error) {
    throw isDynamoDBError(error) ? error : wrong("options cannot be read");
  }
}

function settingsIn(given: DataClientOptions): ClientSettings {
  if (Object(given) !== given) throw wrong("options must be an object");
  for (const name of Object.keys(given)) {
    if (!known.includes(name))
      throw wrong(`"${name}" is not an option: there are ${known.join(", ")}`);
  }
  const { url, fetch, headers, credentials = "same-origin" } = given;
  if (typeof url !== "string" || url === "") throw wrong("url must be the handler's address");
  if (fetch !== undefined && typeof fetch !== "function") throw wrong("fetch must be a function");
  if (!["same-origin", "include", "omit"].includes(credentials))
    throw wrong('credentials must be "same-origin", "include" or "omit"');
  const ms = (name: "timeoutMs" | "retryMs" | "keepMs", byDefault: number, least = 0) => {
    const value = given[name] ?? byDefault;
    if (typeof value === "number" && value >= least && value <= longestTimerMs) return value;
    throw wrong(`${name} must be a number of milliseconds from ${least} to ${longestTimerMs}`);
  };
  return {
    url,
    // Looked up at each call: a test or a polyfill may replace it. Browsers refuse it as a method.
    fetch: fetch ?? ((...request) => globalThis.fetch(...request)),
    headers,
    credentials,
    timeoutMs: ms("timeoutMs", 30_000, 1),
    retryMs: ms("retryMs", 10_000),
    keepMs: ms("keepMs", 43_200_000),
    delayMs: (tries) =>
      Math.min(firstDelayMs * 2 ** tries, mostDelayMs) * (0.5 + Math.random() / 2),
  };
}
