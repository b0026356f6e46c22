/** One watch of a stream: its records become changes, and where it is becomes checkpoints. */
import type { _Record } from "@aws-sdk/client-dynamodb-streams";
import { systemClock } from "../runtime/clock.js";
import type { LayerSource } from "../store/layer-source.js";
import { changeTold, told } from "./change-of.js";
import type { PlainChange } from "./changes.js";
import { checkpointOf, type Place, type Position, placeOf } from "./checkpoint.js";
import { lostError } from "./lost-error.js";
import { readRecord } from "./records.js";
import type { Beginning, Loss, ShardState } from "./shards.js";
import type { StreamClient } from "./stream-client.js";
import { type ShardPage, StreamReader } from "./stream-reader.js";
import type { WatchSettings } from "./watch-options.js";

/** A change with its checkpoint, of which only the names are known. */
export type PlainWatched = PlainChange & { readonly checkpoint: string };

/** How much older a record may be than `now`: clocks differ, and DynamoDB gives whole seconds. */
const marginMs = 5 * 60_000;
/** How long DynamoDB keeps records. */
const keptMs = 24 * 3_600_000;
/** How often a checkpoint is saved while changes are handled, and while there are none. */
const [busySaveMs, idleSaveMs] = [1_000, 60_000];

interface Target {
  readonly stream: string;
  readonly signal: AbortSignal;
}

export class Watching {
  readonly #source: LayerSource;
  readonly #client: StreamClient;
  readonly #settings: WatchSettings;
  readonly #target: Target;
  readonly #reader: StreamReader;
  /** Since when changes are wanted. */
  #since = 0;
  #savedAt = 0;

  constructor(source: LayerSource, client: StreamClient, settings: WatchSettings, target: Target) {
    this.#source = source;
    this.#client = client;
    this.#settings = settings;
    this.#target = target;
    this.#reader = new StreamReader(client, settings, target.signal, (loss) => this.#lost(loss));
  }

  async *changes(): AsyncGenerator<PlainWatched, void, undefined> {
    await this.#begin();
    let isEnded = false;
    try {
      for await (const page of this.#reader.pages()) {
        if (page !== null) yield* this.#page(page);
        const isDue = systemClock.now() - this.#savedAt >= idleSaveMs;
        if (page !== null || isDue) await this.#save();
      }
      isEnded = true;
    } finally {
      // Left, aborted or read to its end. After a failure the checkpoint before it holds.
      if (isEnded || this.#target.signal.aborted) await this.#save();
    }
  }

  /** Takes the place where the reading begins. */
  async #begin(): Promise<void> {
    const { checkpoints, from, onStart } = this.#settings;
    const saved = (await checkpoints?.load()) ?? undefined;
    const text = saved ?? from;
    const place = text === "now" || text === "start" ? undefined : placeOf(text);
    const { shards } = await this.#reader.describe();
    this.#since = place?.since ?? this.#client.now();
    const beginning: Beginning = place === undefined ? (text as "now" | "start") : place.shards;
    const isOther = place !== undefined && place.stream !== this.#target.stream;
    // What another stream of the table had is lost, whether or not it was read.
    const losses = this.#reader.shards.begin(shards, isOther ? "start" : beginning);
    if (isOther) losses.push({ shard: "of a stream before this one", position: "start" });
    else if (place !== undefined) losses.push(...overdue(place, this.#client.now()));
    for (const loss of losses) await this.#lost(loss);
    if (text === "now") await this.#reader.takeEnds();
    await onStart?.(this.#checkpoint());
    await this.#save();
  }

  async *#page({ shard, records }: ShardPage): AsyncGenerator<PlainWatched, void, undefined> {
    for (const record of records) {
      if (this.#isTooOld(shard, record)) continue;
      const position: Position = { after: record.dynamodb?.SequenceNumber ?? "" };
      const change = await this.#change(record);
      if (change !== null) {
        yield { ...change, checkpoint: this.#checkpoint({ shard, position }) };
        this.#target.signal.throwIfAborted();
      }
      // Somebody asked for the next one, so this one has been handled.
      shard.position = position;
      if (change !== null && systemClock.now() - this.#savedAt >= busySaveMs) await this.#save();
    }
  }

  /**
   * Whether a record is older than what is wanted. Its shard stays where it is: a checkpoint that stood
   * after it would take the older ones behind it for wanted.
   */
  #isTooOld(shard: ShardState, record: _Record): boolean {
    if (!shard.skipsOld) return false;
    const isOld = readRecord("watch", record).at < this.#since - marginMs;
    // Those behind one that is wanted are wanted, too.
    shard.skipsOld = isOld;
    return isOld;
  }

  /** The change of a record; `null` if nobody wants it. */
  async #change(record: _Record): Promise<PlainChange | null> {
    const operation = "watch";
    const read = readRecord(operation, record);
    const of = told(this.#source, read);
    if (of === null) {
      await this.#settings.onUnowned?.(record);
      return null;
    }
    const change = changeTold(this.#source, of, operation);
    return this.#source.transport.within(change, this.#target.signal);
  }

  /** Where it is now; with a record that is in hand as read. */
  #checkpoint(ahead?: { readonly shard: ShardState; readonly position: Position }): string {
    const shards = this.#reader.shards.positions();
    if (ahead !== undefined) shards.set(ahead.shard.id, ahead.position);
    const { stream } = this.#target;
    return checkpointOf({ stream, at: this.#client.now(), since: this.#since, shards });
  }

  async #save(): Promise<void> {
    const { checkpoints } = this.#settings;
    if (checkpoints === undefined) return;
    await checkpoints.save(this.#checkpoint());
    this.#savedAt = systemClock.now();
  }

  async #lost({ shard, position }: Loss): Promise<void> {
    const { onLost } = this.#settings;
    if (onLost === undefined) throw lostError(shard);
    await onLost({ shard, after: typeof position === "string" ? undefined : position.after });
  }
}

/**
 * What a checkpoint that is too old may have lost: of shards of which no record was read, which would
 * otherwise be missed by the service.
 */
function overdue({ at, shards }: Place, now: number): Loss[] {
  if (now - at < keptMs) return [];
  return [...shards]
    .filter(([, position]) => position === "start" || position === "now")
    .map(([shard, position]) => ({ shard, position }));
}
