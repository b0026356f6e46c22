/**
 * How long a call holds the event loop, whatever machine it runs on: CPU time of the longest turn, as a
 * multiple of what JSON takes to write and read a megabyte. Both grow with the machine's load and with
 * its speed. A turn that took too long is tried again beside JSON, since a garbage collection may have
 * fallen into it.
 */
import { Readable } from "node:stream";
import { outcomeOf } from "./judge.js";

export const megabyte = 1_000_000;

export const fieldsOf = (count: number, value: unknown) =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`f${index}`, value]));

/**
 * How often the time that JSON takes for a megabyte of short fields a turn may take. It is 30 to 50 ms
 * on the machines that this was written on, and the aim 100 ms; what does not grow faster than its
 * input takes up to twice as long, what does took 5 to 3,000 times as long.
 */
const mostTimes = 3;
const tries = 6;

const item = {
  PK: { S: "USER#u1" },
  SK: { S: "PROJECT#p1" },
  EntityType: { S: "Project" },
  Data: { M: {} },
  CreatedAt: { N: "1" },
  UpdatedAt: { N: "1" },
};

/** An engine that takes no time: it has one item, whatever it is asked for. */
const bodyOf = ({ body }: { body?: unknown }): string => {
  if (!ArrayBuffer.isView(body)) return String(body ?? "");
  return Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString();
};

export const requestHandler = {
  handle: async (request: { headers: Record<string, string>; body?: unknown }) => {
    const [, operation = ""] = request.headers["x-amz-target"]?.split(".") ?? [];
    const answers: Record<string, object> = {
      GetItem: { Item: item },
      // Attributes that were not requested are no response of DynamoDB's.
      UpdateItem: bodyOf(request).includes('"ReturnValues"') ? { Attributes: item } : {},
      Query: { Items: [], Count: 0, ScannedCount: 0 },
      BatchGetItem: { Responses: {}, UnprocessedKeys: {} },
      BatchWriteItem: { UnprocessedItems: {} },
      TransactGetItems: { Responses: [{ Item: item }] },
      DescribeTable: { Table: { TableStatus: "ACTIVE", TableName: "Worst" } },
      CreateTable: { TableDescription: { TableStatus: "ACTIVE", TableName: "Worst" } },
    };
    const body = JSON.stringify(answers[operation] ?? {});
    const headers = {
      "content-type": "application/x-amz-json-1.0",
      "x-amzn-requestid": "R",
      "content-length": String(Buffer.byteLength(body)),
    };
    return { response: { statusCode: 200, headers, body: Readable.from([Buffer.from(body)]) } };
  },
  destroy() {},
};

const cpuMs = () => {
  const { user: own, system } = process.cpuUsage();
  return (own + system) / 1000;
};

/** CPU time of the longest turn of the event loop while a call is under way. */
async function longestTurn(run: () => unknown): Promise<number> {
  let longest = 0;
  let isOver = false;
  let since = cpuMs();
  const tick = () => {
    const now = cpuMs();
    longest = Math.max(longest, now - since);
    since = now;
    if (!isOver) setImmediate(tick);
  };
  setImmediate(tick);
  await outcomeOf(run);
  isOver = true;
  await new Promise(setImmediate);
  return longest;
}

/** What JSON takes to write and read a megabyte of short fields, the longest of what it has. */
function timeOfJson(): number {
  const value = fieldsOf(megabyte / 10, 1);
  const runs = Array.from({ length: 7 }, () => {
    const before = cpuMs();
    JSON.parse(JSON.stringify(value));
    return cpuMs() - before;
  });
  return runs.sort((a, b) => a - b)[3] ?? 0;
}

/** The calls that were measured. */
export class Measured {
  readonly #calls: { readonly what: string; readonly times: number }[] = [];
  #json: number | undefined;

  /** Measures a call; what is wrong, if it is. */
  async faultOf(what: string, run: () => unknown): Promise<string[]> {
    let times = Number.POSITIVE_INFINITY;
    for (let round = 0; round < tries && times > mostTimes; round += 1) {
      // The machine may have become slower since.
      if (round > 0 || this.#json === undefined) this.#json = timeOfJson();
      times = Math.min(times, (await longestTurn(run)) / this.#json);
    }
    this.#calls.push({ what, times });
    return times <= mostTimes ? [] : [`${what}: ${times.toFixed(1)} times as long as JSON`];
  }

  /** With `COAGENT_TEST_SLOWEST=20`, prints those that took longest. */
  tellSlowest(): void {
    const { COAGENT_TEST_SLOWEST: count } = process.env;
    if (count === undefined) return;
    const slowest = this.#calls.sort((a, b) => b.times - a.times).slice(0, Number(count));
    const lines = slowest.map(({ what, times }) => `${times.toFixed(1)} ${what}`);
    const json = `JSON: ${this.#json?.toFixed(1)} ms; ${this.#calls.length} tried`;
    console.log([json, ...lines].join("\n"));
  }
}
