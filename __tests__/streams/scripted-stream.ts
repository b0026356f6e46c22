/**
 * A table and its stream over HTTP, with what no engine produces: shards that split, iterators that expire,
 * records that are trimmed, throttles and lost connections.
 */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { createDataLayer } from "../../src/index.js";

export interface ScriptedRecord {
  readonly item: string;
  readonly n: number;
}

interface ScriptedShard {
  readonly id: string;
  readonly parent: string | undefined;
  readonly records: {
    readonly sequence: number;
    readonly at: number;
    readonly of: ScriptedRecord;
  }[];
  closed: boolean;
  /** Records before this sequence number are gone. */
  trimmedTo: number;
}

export interface Asked {
  readonly name: string;
  readonly input: Readonly<Record<string, unknown>>;
}

/** What a request fails with: an error's name, or a connection that ends. */
export type Fault = string | undefined;

const streamArn =
  "arn:aws:dynamodb:us-east-1:000000000000:table/Table/stream/2026-01-01T00:00:00.000";

export class ScriptedStream {
  readonly shards = new Map<string, ScriptedShard>();
  readonly asked: Asked[] = [];
  /** Asked before each request to the stream. */
  fault: (asked: Asked) => Fault = () => undefined;
  view: string | undefined = "NEW_AND_OLD_IMAGES";
  isOff = false;
  pageSize = 3;
  #sequence = 100;
  #server: Server | undefined;
  /** Iterators of before this generation have expired. */
  #generation = 0;

  static async open(): Promise<ScriptedStream> {
    const stream = new ScriptedStream();
    const server = createServer((request, response) => {
      const parts: Buffer[] = [];
      request.on("data", (part: Buffer) => parts.push(part));
      request.once("end", () => {
        const name = String(request.headers["x-amz-target"]).replace(/^.*\./, "");
        const input = JSON.parse(Buffer.concat(parts).toString()) as Asked["input"];
        const answer = stream.#answer({ name, input });
        if (answer === undefined) return request.socket.destroy();
        response.writeHead(answer.status, { "content-type": "application/x-amz-json-1.0" });
        return response.end(JSON.stringify(answer.body));
      });
    });
    stream.#server = server;
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return stream;
  }

  get endpoint(): string {
    const address = this.#server?.address() as AddressInfo | undefined;
    return `http://127.0.0.1:${address?.port}`;
  }

  layer() {
    return createDataLayer({
      ...{ environment: "local", tableName: "Table", endpoint: this.endpoint },
      retry: { initialDelayMs: 1 },
    });
  }

  async close(): Promise<void> {
    this.#server?.closeAllConnections();
    await new Promise((resolve) => this.#server?.close(resolve));
  }

  /** How many sockets are open. */
  sockets(): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#server?.getConnections((error, count) => (error ? reject(error) : resolve(count)));
    });
  }

  shard(id: string, parent?: string): void {
    this.shards.set(id, { id, parent, records: [], closed: false, trimmedTo: 0 });
  }

  end(id: string): void {
    this.#shard(id).closed = true;
  }

  write(id: string, of: ScriptedRecord, at = Date.now()): void {
    this.#sequence += 1;
    this.#shard(id).records.push({ sequence: this.#sequence, at, of });
  }

  /** Forgets the records so far, as DynamoDB does after 24 hours. */
  trim(id: string): void {
    this.#shard(id).trimmedTo = this.#sequence + 1;
  }

  expireIterators(): void {
    this.#generation += 1;
  }

  #shard(id: string): ScriptedShard {
    const shard = this.shards.get(id);
    if (shard === undefined) throw new Error(`no shard ${id}`);
    return shard;
  }

  #answer(asked: Asked): { status: number; body: object } | undefined {
    this.asked.push(asked);
    const refused = (name: string) => ({
      status: 400,
      body: { __type: `com.amazonaws.dynamodb.v20120810#${name}`, message: name },
    });
    const fault = asked.name === "DescribeTable" ? undefined : this.fault(asked);
    if (fault === "ECONNRESET") return undefined;
    if (fault !== undefined)
      return { ...refused(fault), status: fault.startsWith("Int") ? 500 : 400 };
    const { ShardId, ShardIterator } = asked.input as Record<string, string>;
    switch (asked.name) {
      case "DescribeTable":
        return { status: 200, body: { Table: this.#table() } };
      case "DescribeStream":
        return { status: 200, body: { StreamDescription: this.#description(asked.input) } };
      case "GetShardIterator": {
        const shard = this.shards.get(ShardId ?? "");
        if (shard === undefined) return refused("ResourceNotFoundException");
        const from = this.#from(shard, asked.input);
        if (from === undefined) return refused("TrimmedDataAccessException");
        return { status: 200, body: { ShardIterator: this.#iterator(shard, from) } };
      }
      default: {
        const [id = "", from, generation] = (ShardIterator ?? "").split("/");
        const shard = this.shards.get(id);
        if (shard === undefined) return refused("ResourceNotFoundException");
        if (Number(generation) < this.#generation) return refused("ExpiredIteratorException");
        if (Number(from) < shard.trimmedTo && Number(from) > 0) {
          return refused("TrimmedDataAccessException");
        }
        return { status: 200, body: this.#page(shard, Number(from)) };
      }
    }
  }

  #from(shard: ScriptedShard, input: Asked["input"]): number | undefined {
    if (input.ShardIteratorType === "LATEST") return this.#sequence + 1;
    if (input.ShardIteratorType === "TRIM_HORIZON") return Math.max(1, shard.trimmedTo);
    const after = Number(input.SequenceNumber);
    return after + 1 < shard.trimmedTo ? undefined : after + 1;
  }

  #iterator({ id }: ScriptedShard, from: number): string {
    return `${id}/${from}/${this.#generation}`;
  }

  #page(shard: ScriptedShard, from: number): object {
    const rest = shard.records.filter(
      ({ sequence }) => sequence >= Math.max(from, shard.trimmedTo),
    );
    const page = rest.slice(0, this.pageSize);
    const isEnd = shard.closed && rest.length === page.length;
    const next = (page.at(-1)?.sequence ?? from - 1) + 1;
    return {
      Records: page.map(recordOf),
      ...(!isEnd && { NextShardIterator: this.#iterator(shard, next) }),
    };
  }

  #description({ ExclusiveStartShardId: after }: Asked["input"]): object {
    const ids = [...this.shards.keys()];
    const rest = ids.slice(after === undefined ? 0 : ids.indexOf(String(after)) + 1);
    const page = rest.slice(0, 2);
    return {
      ...{ StreamArn: streamArn, StreamStatus: this.isOff ? "DISABLED" : "ENABLED" },
      StreamViewType: this.view,
      Shards: page.map((ShardId) => {
        const parent = this.shards.get(ShardId)?.parent;
        // dynoxide gives an open shard the last number that it has so far.
        const SequenceNumberRange = { StartingSequenceNumber: "1", EndingSequenceNumber: "999" };
        return { ShardId, SequenceNumberRange, ...(parent && { ParentShardId: parent }) };
      }),
      ...(rest.length > page.length && { LastEvaluatedShardId: page.at(-1) }),
    };
  }

  #table(): object {
    return {
      ...{ TableName: "Table", TableStatus: "ACTIVE", ItemCount: 0, TableSizeBytes: 0 },
      GlobalSecondaryIndexes: [{ IndexName: "GSI1", IndexStatus: "ACTIVE" }],
      ...(this.view !== undefined && {
        ...{ LatestStreamArn: streamArn, LatestStreamLabel: "2026-01-01T00:00:00.000" },
        StreamSpecification: { StreamEnabled: !this.isOff, StreamViewType: this.view },
      }),
    };
  }
}

function recordOf({ sequence, at, of: { item, n } }: ScriptedShard["records"][number]): object {
  const Keys = { PK: { S: "USER#u1" }, SK: { S: `CONTENT#${item}` } };
  const Data = { M: { title: { S: String(n) } } };
  return {
    ...{ eventID: `event-${sequence}`, eventName: "INSERT", eventVersion: "1.1" },
    dynamodb: {
      ...{ ApproximateCreationDateTime: Math.floor(at / 1_000), Keys },
      NewImage: { ...Keys, EntityType: { S: "SavedContent" }, Data },
      ...{ SequenceNumber: String(sequence), StreamViewType: "NEW_AND_OLD_IMAGES" },
    },
  };
}
