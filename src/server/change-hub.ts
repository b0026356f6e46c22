/** Hands changes on to the browsers of their users: those that are connected, and those that come back. */
import { optionNames, settingsOf } from "../call/options.js";
import { ConfigurationError } from "../errors/configuration-error.js";
import { hide } from "../errors/hidden.js";
import type { Clock } from "../runtime/clock.js";
import { isObject } from "../runtime/objects.js";
import { longestTimerMs } from "../runtime/signals.js";
import { ChangeLog } from "./change-log.js";
import { type PublishedChange, readChange } from "./change-message.js";

export interface ChangeHubOptions {
  /** The most changes that are kept of a user for a connection that comes back. @default 100 */
  readonly mostPerUser?: number | undefined;
  /** The most changes that are kept in all, each of at most a few hundred bytes. @default 10000 */
  readonly mostInAll?: number | undefined;
  /** The most connections of one user at a time. @default 10 */
  readonly connectionsPerUser?: number | undefined;
  /** After how long a connection is closed, to be opened anew, in ms. @default 20000 */
  readonly connectionMs?: number | undefined;
}

/** Where changes are published, and handlers get them: `createDataHandler({ live })`. */
export interface ChangeHub {
  /**
   * Hands a change on to its user's browsers. One that was published before, by its `id`, is passed over, and
   * so is one of an item that is no user's. Nothing is sent to the table.
   * @throws ValidationError for anything but a change
   */
  publish(change: PublishedChange): void;
  /** Ends all connections, and refuses new ones: the browsers come back to another instance. */
  close(): void;
}

/** Of all copies of the package: a hub may come from the ES module, and the handler from CommonJS. */
const innerKey: unique symbol = Symbol.for("bayon-coagent-data.hub");

/** What a handler needs of a hub. */
export interface HubInside {
  readonly settings: Required<{ [K in keyof ChangeHubOptions]: number }>;
  readonly isClosed: boolean;
  /** Begins to keep changes. @param userParts the parts of keys that name a user */
  begin(userParts: readonly string[], clock: Clock): ChangeLog;
  /**
   * Calls a function for each change of a user, and when the hub is closed.
   * @returns ends it; `undefined` if the user has too many connections
   */
  connect(user: string, wake: () => void): (() => void) | undefined;
}

const hubCall = "createChangeHub";

const hubOptionNames = optionNames<ChangeHubOptions>({
  mostPerUser: true,
  mostInAll: true,
  connectionsPerUser: true,
  connectionMs: true,
});

const defaults = {
  mostPerUser: 100,
  mostInAll: 10_000,
  connectionsPerUser: 10,
  connectionMs: 20_000,
};

/**
 * Makes a hub, in the memory of this process. What is published before the first request of its handler is
 * not kept.
 * @throws ConfigurationError for an option that is unknown or wrong
 * @example
 * const changes = createChangeHub();
 * for await (const change of watch(data, { signal })) changes.publish(change);
 */
export function createChangeHub(options: ChangeHubOptions = {}): ChangeHub {
  const given = settingsOf(hubCall, options, hubOptionNames);
  const inside = new Hub(checked(given));
  const hub: ChangeHub = {
    publish: (change) => inside.publish(change),
    close: () => inside.close(),
  };
  hide(hub, innerKey, inside);
  return hub;
}

/** The inside of a hub; `undefined` for anything else. */
export function insideOf(hub: unknown): HubInside | undefined {
  return isObject(hub) ? (Reflect.get(hub, innerKey) as HubInside | undefined) : undefined;
}

function checked(given: ChangeHubOptions): HubInside["settings"] {
  const settings = { ...defaults, ...given } as HubInside["settings"];
  for (const [name, value] of Object.entries(settings)) {
    const most = name === "connectionMs" ? longestTimerMs : 1_000_000;
    if (Number.isInteger(value) && value >= 1 && value <= most) continue;
    throw new ConfigurationError(`${hubCall}: ${name} must be an integer from 1 to ${most}`);
  }
  return settings;
}

class Hub implements HubInside {
  readonly settings: HubInside["settings"];
  readonly #connected = new Map<string, Set<() => void>>();
  #log: ChangeLog | undefined;
  #userParts: readonly string[] = [];
  isClosed = false;

  constructor(settings: HubInside["settings"]) {
    this.settings = settings;
  }

  begin(userParts: readonly string[], clock: Clock): ChangeLog {
    this.#userParts = userParts;
    this.#log ??= new ChangeLog(this.settings, clock);
    return this.#log;
  }

  publish(given: PublishedChange): void {
    const change = readChange("publish", given);
    const user = userIn(change.key, this.#userParts);
    if (user === undefined) return;
    this.#log?.add(user, change);
    for (const wake of this.#connected.get(user) ?? []) wake();
  }

  connect(user: string, wake: () => void): (() => void) | undefined {
    const own = this.#connected.get(user) ?? new Set();
    if (own.size >= this.settings.connectionsPerUser) return undefined;
    this.#connected.set(user, own.add(wake));
    return () => {
      own.delete(wake);
      if (own.size === 0 && this.#connected.get(user) === own) this.#connected.delete(user);
    };
  }

  close(): void {
    this.isClosed = true;
    for (const wake of [...this.#connected.values()].flatMap((own) => [...own])) wake();
  }
}

/** The user whom all parts of a key that name one agree on. */
function userIn(
  key: Readonly<Record<string, unknown>>,
  userParts: readonly string[],
): string | undefined {
  const named = userParts.filter((part) => Object.hasOwn(key, part)).map((part) => key[part]);
  const [first] = named;
  return typeof first === "string" && named.every((one) => one === first) ? first : undefined;
}
