/** The shards of a stream, and where each of them has been read to. */
import type { Position } from "./checkpoint.js";
import type { Shard } from "./stream-client.js";

/** A shard that is being read. */
export interface ShardState extends Shard {
  position: Position;
  /** Where the next read begins; `undefined` if one has to be asked for. */
  iterator: string | undefined;
  /** Whether it is at `now`, but read from its beginning: what is older is passed over. */
  skipsOld: boolean;
  /** When it may be read next, in epoch ms. */
  dueAt: number;
  /** How many reads in a row gave nothing. */
  emptyReads: number;
  /** How many requests in a row failed, and since when. */
  failures: number;
  failingSince: number;
}

/** Why changes may have been lost. */
export interface Loss {
  readonly shard: string;
  readonly position: Position;
}

/** Where the shards begin that are described first. */
export type Beginning =
  | "start"
  | "now"
  /** The positions of a checkpoint. */
  | ReadonlyMap<string, Position>;

export class Shards {
  readonly #states = new Map<string, ShardState>();

  /** Takes the first description. @returns what a checkpoint knows and the stream has no longer */
  begin(described: readonly Shard[], from: Beginning): Loss[] {
    const parents = new Set(described.map(({ parent }) => parent));
    for (const shard of described) {
      // A shard without children is open, or was until a moment ago. Its last sequence number does not
      // tell: some engines give one of a shard that is open.
      if (from === "now") this.#add(shard, parents.has(shard.id) ? "end" : "now");
      else this.#add(shard, from === "start" ? "start" : (from.get(shard.id) ?? "start"));
    }
    return typeof from === "string" ? [] : this.#resume(described, from);
  }

  #resume(described: readonly Shard[], from: ReadonlyMap<string, Position>): Loss[] {
    const ids = new Set(described.map(({ id }) => id));
    const lost: Loss[] = [];
    for (const [id, position] of from) {
      // What was read to its end is kept as the parent of what follows.
      if (ids.has(id)) continue;
      this.#add({ id, parent: undefined }, "end");
      if (position !== "end") lost.push({ shard: id, position });
    }
    for (const { id, parent } of described) {
      const isKnown = from.has(id) || parent === undefined || from.has(parent) || ids.has(parent);
      if (!isKnown) lost.push({ shard: id, position: "start" });
    }
    return lost;
  }

  /** Takes a later description: shards that are new begin where their parents ended. */
  update(described: readonly Shard[]): void {
    for (const shard of described) {
      if (!this.#states.has(shard.id)) this.#add(shard, "start");
    }
    this.#forget(new Set(described.map(({ id }) => id)));
  }

  /** Forgets shards that have been read, and that the stream has no longer, once their children are known. */
  #forget(described: ReadonlySet<string>): void {
    const parents = this.#parents();
    for (const { id, position } of this.#states.values()) {
      if (position === "end" && !described.has(id) && parents.has(id)) this.#states.delete(id);
    }
  }

  #add({ id, parent }: Shard, position: Position): void {
    this.#states.set(id, {
      ...{ id, parent, position, iterator: undefined, skipsOld: false },
      ...{ dueAt: 0, emptyReads: 0, failures: 0, failingSince: 0 },
    });
  }

  #parents(): ReadonlySet<string | undefined> {
    return new Set([...this.#states.values()].map(({ parent }) => parent));
  }

  /** The shards that may be read: not before their parents have been read to the end. */
  readable(): ShardState[] {
    return [...this.#states.values()].filter(({ parent, position }) => {
      const before = parent === undefined ? undefined : this.#states.get(parent);
      return position !== "end" && (before === undefined || before.position === "end");
    });
  }

  /** Whether there are shards that are not known yet: the first ones, or children of one that has ended. */
  get isIncomplete(): boolean {
    const parents = this.#parents();
    if (this.#states.size === 0) return true;
    return [...this.#states.values()].some(
      ({ id, position }) => position === "end" && !parents.has(id),
    );
  }

  positions(): Map<string, Position> {
    return new Map([...this.#states.values()].map(({ id, position }) => [id, position]));
  }
}
