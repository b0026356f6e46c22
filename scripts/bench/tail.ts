/** How long the slowest gets take if one response of a hundred is late, and the effect of hedging. */
import { fork } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { BatchGetCommand, DynamoDBDocumentClient, GetCommand } from "@aws-sdk/lib-dynamodb";
import { createDataLayer, type DataLayer } from "../../src/index.js";
import { tableName } from "./canned.js";
import { quantile } from "./statistics.js";
import type { Served } from "./tail-server.js";

const lateMs = 2_000;
/** Gets of one measurement. A coalesced one has a twentieth of the responses, and is repeated. */
const calls = 2_000;
const atOnce = 100;

/** One way to read; `run` makes this many gets and notes the time of each. */
interface Way {
  readonly what: string;
  readonly rounds: number;
  /** The number of requests for one round of {@link calls}. */
  readonly needed: number;
  run(count: number, note: (ms: number) => void): Promise<void>;
}

const indexes = (count: number) => Array.from({ length: count }, (_, index) => index);
const keyOf = (index: number) => ({ userId: "u1", contentId: `c${index}` });
const rawKeyOf = (index: number) => ({ PK: "USER#u1", SK: `CONTENT#c${index}` });

type Get = (index: number) => Promise<unknown>;

async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

/**
 * Begins this many pieces of work at a steady pace, whether or not earlier ones are done: a late one
 * does not delay those after it.
 */
async function paced(count: number, everyMs: number, begin: Get): Promise<void> {
  const start = performance.now();
  const begun: Promise<unknown>[] = [];
  while (begun.length < count) {
    const due = Math.min(count, Math.floor((performance.now() - start) / everyMs) + 1);
    while (begun.length < due) begun.push(begin(begun.length));
    await sleep(1);
  }
  await Promise.all(begun);
}

/** This many gets, each by itself. */
function oneByOne(get: Get): Way["run"] {
  return (count, note) => paced(count, 4, async (index) => note(await timed(() => get(index))));
}

/** This many gets, a hundred at a time. */
function inWaves(get: Get): Way["run"] {
  const one = async (index: number, note: (ms: number) => void) =>
    note(await timed(() => get(index)));
  return (count, note) =>
    paced(count / atOnce, 60, () => Promise.all(indexes(atOnce).map((index) => one(index, note))));
}

/** The same by hand: one BatchGet for a hundred. */
function byBatches(bare: DynamoDBDocumentClient): Way["run"] {
  const Keys = indexes(atOnce).map(rawKeyOf);
  return (count, note) =>
    paced(count / atOnce, 60, async () => {
      const command = new BatchGetCommand({ RequestItems: { [tableName]: { Keys } } });
      const ms = await timed(() => bare.send(command));
      for (const _ of Keys) note(ms);
    });
}

/** A row of the table. */
async function measured(way: Way, endpoint: string, rounds: number): Promise<string> {
  console.error(`${way.what} …`);
  const served = async () => (await (await fetch(endpoint)).json()) as Served;
  await way.run(calls, () => undefined);
  await served();
  const took: number[] = [];
  const note = (ms: number) => void took.push(ms);
  for (let round = 0; round < rounds; round += 1) await way.run(calls, note);
  const { requests, late } = await served();
  const more = ((requests / (way.needed * rounds) - 1) * 100).toFixed(1);
  const ms = [0.5, 0.99, 0.999].map((at) => {
    const value = quantile(took, at);
    return value < 20 ? value.toFixed(1) : Math.round(value).toLocaleString("en");
  });
  const asked = `${requests.toLocaleString("en")} (+${more} %)`;
  const cells = [way.what, ms.join(" / "), asked, late];
  return `| ${cells.join(" | ")} |`;
}

/** @returns a table of p50, p99 and p99.9 */
export async function tailTable(quick: boolean): Promise<string> {
  const script = fileURLToPath(new URL("tail-server.ts", import.meta.url));
  const server = fork(script, [String(lateMs)], { execArgv: ["--import", "tsx"] });
  const [port] = (await once(server, "message")) as [number];
  const endpoint = `http://127.0.0.1:${port}`;
  const credentials = { accessKeyId: "bench", secretAccessKey: "bench" };
  const place = { region: "us-east-1", endpoint, credentials };
  const layers: DataLayer[] = [];
  const gets = (options: object): Get => {
    const data = createDataLayer({
      environment: "development",
      tableName,
      ...place,
      ...options,
    });
    layers.push(data);
    return (index) => data.savedContent.get(keyOf(index));
  };
  const bare = DynamoDBDocumentClient.from(new DynamoDBClient(place));
  const bareGet: Get = (index) =>
    bare.send(new GetCommand({ TableName: tableName, Key: rawKeyOf(index) }));
  const [few, many] = quick ? [1, 10] : [5, 50];
  const single = { rounds: few, needed: calls };
  const coalesced = { rounds: many, needed: calls / atOnce };
  const each = "gets one by one";
  const wave = `${atOnce} gets at once`;
  const ways: Way[] = [
    { what: `${each}, DocumentClient`, ...single, run: oneByOne(bareGet) },
    { what: `${each}, this package`, ...single, run: oneByOne(gets({ coalesce: false })) },
    {
      what: `${each}, this package, \`hedgedReads: true\``,
      ...single,
      run: oneByOne(gets({ coalesce: false, hedgedReads: true })),
    },
    { what: `${wave}, DocumentClient`, ...single, run: inWaves(bareGet) },
    { what: `${wave}, DocumentClient, one BatchGet by hand`, ...coalesced, run: byBatches(bare) },
    { what: `${wave}, this package, coalesced`, ...coalesced, run: inWaves(gets({})) },
    {
      what: `${wave}, this package, coalesced, \`hedgedReads: true\``,
      ...coalesced,
      run: inWaves(gets({ hedgedReads: true })),
    },
  ];
  try {
    const lines: string[] = [];
    for (const way of ways) lines.push(await measured(way, endpoint, way.rounds));
    return [
      "| what | p50 / p99 / p99.9, ms | requests | late |",
      "|---|--:|--:|--:|",
      ...lines,
    ].join("\n");
  } finally {
    for (const data of layers) await data.close();
    bare.destroy();
    server.disconnect();
  }
}
