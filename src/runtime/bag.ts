/**
 * What is under way: joined and left once for each request, in no order.
 *
 * No Set, and no Map, is used where each request adds something and removes it again. The tables of V8's
 * keep a reference to the table that replaced them, so that one that has grown old keeps all later ones
 * from being collected, each with what was in it when it was replaced: up to half of all that the
 * requests made was collected with the whole heap only.
 */

/** What can be in one bag at a time, and knows its place there. */
export interface Member {
  place: number;
}

export class Bag<T extends Member> {
  readonly #members: (T | undefined)[] = [];
  #size = 0;

  get size(): number {
    return this.#size;
  }

  add(member: T): void {
    member.place = this.#size;
    this.#members[this.#size] = member;
    this.#size += 1;
  }

  /** Removes a member; nothing happens if it is not there. */
  delete(member: T): void {
    const { place } = member;
    if (this.#members[place] !== member) return;
    this.#size -= 1;
    const last = this.#members[this.#size] as T;
    last.place = place;
    this.#members[place] = last;
    this.#members[this.#size] = undefined;
  }

  find(isIt: (member: T) => boolean): T | undefined {
    for (let place = 0; place < this.#size; place += 1) {
      const member = this.#members[place] as T;
      if (isIt(member)) return member;
    }
    return undefined;
  }

  /** All that are in it now. */
  list(): T[] {
    return this.#members.slice(0, this.#size) as T[];
  }
}
