/** Reads the stream of a test's table, from where the last reading ended. */
import type { Engine } from "../engines/contract.js";
import { type EngineRecord, type LambdaRecord, lambdaRecordOf } from "./lambda-event.js";
import { askStream } from "./stream-requests.js";

interface Shard {
  readonly ShardId: string;
  readonly ParentShardId?: string;
}

/** What is read of a stream's description. */
interface Description {
  readonly Shards?: readonly Shard[];
  readonly LastEvaluatedShardId?: string;
}

/** The place in a shard after which to read: of its last record; `end` if it is closed and read. */
type Position = string | "end";

/** A reader of one stream. It is asked for one reading at a time. */
export class StreamReader {
  readonly #engine: Engine;
  readonly #arn: string;
  readonly #positions = new Map<string, Position>();

  constructor(engine: Engine, arn: string) {
    this.#engine = engine;
    this.#arn = arn;
  }

  /** All records since the last reading, those of a shard after those of its parent. */
  async read(): Promise<LambdaRecord[]> {
    const records: LambdaRecord[] = [];
    for (const { ShardId } of parentsFirst(await this.#shards())) {
      if (this.#positions.get(ShardId) !== "end") records.push(...(await this.#shard(ShardId)));
    }
    return records;
  }

  async #shards(): Promise<Shard[]> {
    const StreamArn = this.#arn;
    const shards: Shard[] = [];
    let last: string | undefined;
    do {
      const from = last === undefined ? {} : { ExclusiveStartShardId: last };
      const answer = await askStream(this.#engine, "DescribeStream", { StreamArn, ...from });
      const description = answer.StreamDescription as Description;
      shards.push(...(description.Shards ?? []));
      last = description.LastEvaluatedShardId;
    } while (last !== undefined);
    return shards;
  }

  async #shard(ShardId: string): Promise<LambdaRecord[]> {
    const records: LambdaRecord[] = [];
    let next = await this.#iterator(ShardId);
    for (;;) {
      const page = await askStream(this.#engine, "GetRecords", { ShardIterator: next });
      const found = (page.Records ?? []) as EngineRecord[];
      const last = found.at(-1)?.dynamodb.SequenceNumber;
      if (last !== undefined) this.#positions.set(ShardId, last);
      records.push(...found.map((record) => lambdaRecordOf(record, this.#arn)));
      if (typeof page.NextShardIterator !== "string") {
        this.#positions.set(ShardId, "end");
        return records;
      }
      // An engine holds all records of a shard in one place: none in a page means that there are no more.
      if (found.length === 0) return records;
      next = page.NextShardIterator;
    }
  }

  async #iterator(ShardId: string): Promise<unknown> {
    const position = this.#positions.get(ShardId);
    const { ShardIterator } = await askStream(this.#engine, "GetShardIterator", {
      StreamArn: this.#arn,
      ShardId,
      ...(position === undefined
        ? { ShardIteratorType: "TRIM_HORIZON" }
        : { ShardIteratorType: "AFTER_SEQUENCE_NUMBER", SequenceNumber: position }),
    });
    return ShardIterator;
  }
}

/** The shards in an order in which none stands before its parent. */
function parentsFirst(shards: readonly Shard[]): Shard[] {
  const rest = new Map(shards.map((shard) => [shard.ShardId, shard]));
  const ordered: Shard[] = [];
  const take = (id: string | undefined): void => {
    const shard = id === undefined ? undefined : rest.get(id);
    if (shard === undefined) return;
    rest.delete(shard.ShardId);
    take(shard.ParentShardId);
    ordered.push(shard);
  };
  for (const { ShardId } of shards) take(ShardId);
  return ordered;
}
