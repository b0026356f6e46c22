/**
 * The last changes of each user, in the order in which they were published here, so that a connection that
 * was cut goes on where it ended. What is held is bounded; whoever was away for longer is told so.
 */
import { randomBytes } from "node:crypto";
import type { Clock } from "../runtime/clock.js";
import type { ChangeMessage } from "./change-message.js";

/**
 * A place in this log: microseconds since 1970, raised where two would be equal. So it grows with each change,
 * tells how many there were to nobody, and can be compared with the time in another instance of the server.
 */
export type Place = number;

export interface Logged {
  readonly place: Place;
  readonly change: ChangeMessage;
}

/** The changes of one user. */
interface UserLog {
  readonly changes: Logged[];
  /** Up to which place changes were forgotten. */
  forgotten: Place;
}

/** Where a reader goes on, and up to where it surely knows everything. Between the two, changes are told again. */
export interface Resumed {
  readonly from: Place;
  readonly known: Place;
}

export interface LogBounds {
  /** The most changes that are kept of a user. */
  readonly mostPerUser: number;
  /** The most changes that are kept in all. */
  readonly mostInAll: number;
}

/**
 * By how much the same change may reach two instances of a server apart, in microseconds; their clocks may
 * differ by as much. What overlaps is sent again, and its ids tell.
 */
const apart = 10_000_000;

const textForm = /^([\w-]{8})\.(\d{1,16})$/;

export class ChangeLog {
  readonly #id = randomBytes(6).toString("base64url");
  readonly #bounds: LogBounds;
  readonly #clock: Clock;
  /** Those with the newest changes last. */
  readonly #users = new Map<string, UserLog>();
  readonly #begun: Place;
  #count = 0;
  #last: Place = 0;
  /** Up to which place all changes of some users were forgotten. */
  #forgotten: Place = 0;

  constructor(bounds: LogBounds, clock: Clock) {
    this.#bounds = bounds;
    this.#clock = clock;
    this.#begun = this.now();
  }

  /** A place after all changes so far, and before all that come. */
  now(): Place {
    this.#last = Math.max(this.#last, this.#clock.now() * 1000);
    return this.#last;
  }

  /** Keeps a change if it is new: it may be delivered more than once. */
  add(user: string, change: ChangeMessage): void {
    const own = this.#users.get(user) ?? { changes: [], forgotten: 0 };
    if (own.changes.some(({ change: { id } }) => id === change.id)) return;
    this.#last = Math.max(this.#last + 1, this.#clock.now() * 1000);
    own.changes.push({ place: this.#last, change });
    this.#count += 1;
    if (own.changes.length > this.#bounds.mostPerUser) this.#forgetFirst(own);
    this.#users.delete(user);
    this.#users.set(user, own);
    if (this.#count > this.#bounds.mostInAll) this.#forgetQuietest();
  }

  /**
   * The first change of a user after a place.
   * @returns `undefined` if there is none, `"forgotten"` if there may have been some that are not known here
   */
  after(user: string, place: Place): Logged | "forgotten" | undefined {
    const own = this.#users.get(user);
    if (place < Math.max(this.#forgotten, own?.forgotten ?? 0)) return "forgotten";
    // Most readers are near the end.
    const { changes } = own ?? { changes: [] };
    let index = changes.length;
    while (index > 0 && (changes[index - 1] as Logged).place > place) index -= 1;
    return changes[index];
  }

  /** A place as a browser gets it. */
  textOf(place: Place): string {
    return `${this.#id}.${place}`;
  }

  /** Where to go on after a place that was given to a browser, here or by another instance. */
  placeOf(text: string): Resumed | "forgotten" {
    const [, id, digits] = textForm.exec(text) ?? [];
    if (digits === undefined) return "forgotten";
    const place = Number(digits);
    const from = id === this.#id ? place : place - apart;
    const isKnown = id === this.#id ? place <= this.#last : from >= this.#begun;
    return isKnown && from <= this.now() ? { from, known: place } : "forgotten";
  }

  #forgetFirst(own: UserLog): void {
    own.forgotten = own.changes.shift()?.place ?? own.forgotten;
    this.#count -= 1;
  }

  /** Forgets the user without a change for the longest time. */
  #forgetQuietest(): void {
    const [first] = this.#users;
    if (first === undefined) return;
    const [user, { changes, forgotten }] = first;
    this.#users.delete(user);
    this.#count -= changes.length;
    this.#forgotten = Math.max(this.#forgotten, forgotten, changes.at(-1)?.place ?? 0);
  }
}
