/**
 * `npm run soak`: the data layer at full speed on a real engine, with faults, for the given time.
 * Nothing that was acknowledged may be lost, nothing may be done twice, and nothing may pile up.
 */
import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { Command, InvalidArgumentError } from "commander";
import { createDataLayer, type DataLayer } from "../../src/index.js";
import {
  type FaultProxy,
  type FaultyRequestHandler,
  faults,
  startEngine,
  startFaultProxy,
} from "../../src/testing/index.js";
import { OrderlyHandler } from "../../src/wire/request-handler.js";
import { exitCode, wholeNumber } from "../cli/connection.js";
import { Ending, watchProcess } from "../run/ending.js";
import { count, createTerminal, duration, table } from "../run/terminal.js";
import { createRandom } from "../seed/random.js";
import { lateWrites } from "./late.js";
import { Ledger } from "./ledger.js";
import { missingAtTheEnd } from "./settle.js";
import { connectionsTo, memoryGrowth, type Sample, takeSample } from "./watch.js";
import { createWorker, type Shared, sharedUser } from "./worker.js";

/** Number of sockets of the layer under test. */
const mostSockets = 128;
/**
 * With `--wire`, short limits that a stall soon reaches: half a second to the head, and between
 * bytes.
 */
const quickSockets = { requestTimeout: 500 };
const quickAnswers = { idleMs: 500, wholeMs: 5_000 };
/** The share of the given time that is load; the rest is for reading everything. */
const shareOfLoad = 0.85;

const end = watchProcess(({ message }) => terminal.fail(message));
const { signal } = end;
const terminal = createTerminal({ onOutputFailure: end.outputFailed });
const { line, paint } = terminal;

const share = (text: string): number => {
  const number = Number(text);
  if (text.trim() !== "" && number >= 0 && number <= 0.5) return number;
  throw new InvalidArgumentError("It must be a number from 0 to 0.5.");
};

const options = new Command("npm run soak --")
  .description(
    "Works on a DynamoDB engine at full speed, with faults between the SDK and the engine, and compares what is in the table with what must be there. Exit code 1 if anything is lost, done twice, or piles up.",
  )
  .option("--seconds <n>", "how long", wholeNumber(5, 86_400), 600)
  .option("--seed <n>", "of operations and faults", wholeNumber(0, 2 ** 32 - 1), 1)
  .option("--rate <share>", "the share of requests that fail", share, 0.05)
  .option("--workers <n>", "callers at a time", wholeNumber(1, 1_000), 64)
  .option(
    "--wire",
    "faults on the wire, by a proxy of bytes: stalls, drips, cuts, resets, garbage, foreign and repeated answers, and an engine that is down for a moment",
    false,
  )
  .option("--engine <name>", "dynoxide, dynalite, dynamodb-local, or a URL")
  .option("--hedged", "send late reads a second time (hedgedReads)", false)
  .addHelpText(
    "after",
    "\nExamples:\n  $ npm run soak -- --seconds 60 --seed 7\n  $ npm run soak -- --wire --rate 0.02 --seconds 600",
  )
  .configureHelp({ helpWidth: terminal.textColumns })
  .exitOverride(({ exitCode: code }) => process.exit(code === 0 ? exitCode.ok : exitCode.usage))
  .parse()
  .opts<{
    seconds: number;
    seed: number;
    rate: number;
    workers: number;
    engine?: string;
    hedged: boolean;
    wire: boolean;
  }>();

/** What went over the wire. */
const traffic = {
  requests: 0,
  retries: 0,
  hedges: 0,
  budgetSpent: 0,
  operations: 0,
  abandoned: 0,
  faults: new Map<string, number>(),
};
/** Set if the faults are on the wire. */
let onTheWire: FaultProxy | undefined;
const ledger = new Ledger(() => lateWrites(onTheWire?.requests ?? []));

/** A run that does not end is a failure too, and must not block whoever waits for it. */
const watchdog = setTimeout(
  () => {
    terminal.fail("the soak did not end in time");
    process.exit(exitCode.findings);
  },
  (2 * options.seconds + 30) * 1_000,
);
watchdog.unref();

await main();

async function main(): Promise<void> {
  const { seconds, seed, rate, workers } = options;
  const { engine: which } = options;
  await using engine = await startEngine(which === undefined ? {} : { engine: which });
  const { endpoint, region, credentials, capabilities } = engine;
  const tableName = `soak-${process.pid}`;
  const place = { environment: "development", endpoint, region, credentials, tableName } as const;
  await using steady = createDataLayer(place);
  await steady.table.create();
  line(
    `soak       ${engine.name}, ${seconds} s, seed ${seed}, faults ${options.wire ? "on the wire " : ""}in ${rate * 100} % of requests`,
  );

  await using proxy = options.wire ? await startFaultProxy({ target: endpoint }) : undefined;
  onTheWire = proxy;
  // The layer's own connections, not those from the proxy to the engine.
  const door = proxy?.url ?? endpoint;
  // An engine that is briefly down comes before the faults of single requests.
  proxy?.inject({ fault: "outage", after: 500, every: 5_000, times: Number.POSITIVE_INFINITY });
  const handler = proxy === undefined ? faults() : new OrderlyHandler(quickSockets, quickAnswers);
  const wire = proxy ?? (handler as FaultyRequestHandler);
  wire.random({ seed, rate, delayMs: 10 });
  const data = createDataLayer({
    ...place,
    endpoint: door,
    requestHandler: handler,
    // Tokens are encrypted: a call that waits for a token waits for a key too.
    encryption: { keys: { soak: randomBytes(32) }, current: "soak", clearText: "refuse" },
    retry: { initialDelayMs: 20, maxDelayMs: 500 },
    hedgedReads: options.hedged,
    events: ({ attempts, hedged, budgetSpent }) => {
      traffic.retries += attempts - (hedged ? 2 : 1);
      if (hedged) traffic.hedges += 1;
      if (budgetSpent) traffic.budgetSpent += 1;
    },
  });
  const shared = await prepare(steady);
  const application = new AbortController();
  const users = Array.from({ length: workers }, (_, n) => `worker-${n}`);
  const run = users.map((userId, n) =>
    createWorker({
      data,
      ledger,
      shared,
      random: createRandom(seed * 1_009 + n),
      userId,
      transactions: capabilities.transactions,
      signal: application.signal,
    }),
  );
  const seen = () => {
    traffic.requests += wire.requests.length;
    for (const { abandoned } of proxy?.requests ?? []) traffic.abandoned += abandoned.length;
    for (const { fault } of wire.requests) {
      if (fault !== undefined) traffic.faults.set(fault, (traffic.faults.get(fault) ?? 0) + 1);
    }
    wire.requests.length = 0;
  };

  const startedAt = performance.now();
  const loadMs = seconds * 1_000 * shareOfLoad;
  const windowMs = Math.max(1_000, loadMs / 60);
  const note = () =>
    `${count(traffic.operations, "operation")}, ${count(ledger.violations, "violation")}`;
  const progress = terminal.progress("soak", Math.round(loadMs / 1_000), note);
  const samples: Sample[] = [];
  const timers = (await takeSample(0, door)).timers;
  let shown = 0;
  while (performance.now() - startedAt < loadMs && !signal.aborted) {
    const until = Math.min(performance.now() + windowMs, startedAt + loadMs);
    // All workers stop between two windows, so that anything still in memory then is a leak.
    await Promise.all(run.map((operation) => workUntil(until, operation)));
    await proxy?.settled();
    ledger.settle();
    seen();
    samples.push(await takeSample(traffic.requests, door));
    const passed = Math.round((performance.now() - startedAt) / 1_000);
    progress.advance(passed - shown);
    shown = passed;
  }
  progress.end();
  const loadedMs = performance.now() - startedAt;

  wire.clear();
  for (const finding of await missingAtTheEnd(steady, ledger, shared, users))
    ledger.violation(finding);
  await data.close();
  await steady.close();
  const left = await afterClose(door);
  // dynalite runs in this process: its growing table is in the same heap.
  const ownHeap = engine.name !== "dynalite";
  judge(samples, timers, left, ownHeap);
  report(samples, loadedMs, ownHeap);
  const verdict = ledger.violations > 0 ? exitCode.findings : exitCode.ok;
  end.finish(signal.reason instanceof Ending ? signal.reason.exitCode : verdict);
}

async function workUntil(until: number, operation: () => Promise<unknown>): Promise<void> {
  while (performance.now() < until && !signal.aborted) {
    await operation();
    traffic.operations += 1;
  }
}

/** The items that all workers share exist before they begin. */
async function prepare(data: DataLayer): Promise<Shared> {
  const counters = new Map<string, { acknowledged: number; open: number }>();
  for (let n = 0; n < 8; n += 1) {
    const projectId = `counter-${n}`;
    counters.set(projectId, { acknowledged: 0, open: 0 });
    const start = { name: "0" };
    await data.project.put({ userId: sharedUser, projectId, data: start });
  }
  return { counters, pairs: ["pair-0", "pair-1", "pair-2", "pair-3"], openCreates: new Set() };
}

interface Left {
  readonly timers: number;
  readonly connections: number | undefined;
}

/** What is left some turns of the event loop after `close`, because connections take time to end. */
async function afterClose(endpoint: string): Promise<Left> {
  for (let turn = 0; turn < 50; turn += 1) {
    const connections = await connectionsTo(endpoint);
    if (connections === undefined || connections === 0) break;
    await sleep(20);
  }
  const { timers, connections } = await takeSample(traffic.requests, endpoint);
  return { timers, connections };
}

function judge(samples: readonly Sample[], timers: number, left: Left, ownHeap: boolean): void {
  const memory = memoryGrowth(samples);
  if (ownHeap && memory.bytes > memory.most) {
    ledger.violation(
      `memory grew by ${megabytes(memory.bytes)}, more than ${megabytes(memory.most)}`,
    );
  }
  for (const [n, sample] of samples.entries()) {
    if (sample.timers > timers)
      ledger.violation(`${sample.timers - timers} timers after window ${n}`);
    if ((sample.connections ?? 0) > mostSockets + 1) {
      ledger.violation(`${sample.connections} connections after window ${n}`);
    }
  }
  if (left.timers > timers) ledger.violation(`${left.timers - timers} timers after close`);
  if (left.connections) ledger.violation(`${left.connections} connections after close`);
}

function report(samples: readonly Sample[], loadedMs: number, ownHeap: boolean): void {
  const { requests, retries, hedges, operations, budgetSpent } = traffic;
  const hits = [...traffic.faults].sort(([, a], [, b]) => b - a);
  const rate = (number: number) => `${Math.round((number * 1_000) / loadedMs)} a second`;
  const connections = Math.max(...samples.map((sample) => sample.connections ?? 0));
  const { bytes } = memoryGrowth(samples);
  const heap = samples.at(-1)?.heapBytes ?? 0;
  line();
  for (const text of table([
    ["load", duration(loadedMs), ""],
    ["operations", operations.toLocaleString("en-US"), rate(operations)],
    ["requests", requests.toLocaleString("en-US"), rate(requests)],
    ["faults", hits.reduce((sum, [, hit]) => sum + hit, 0).toLocaleString("en-US"), ""],
    ["retries", retries.toLocaleString("en-US"), `${budgetSpent} more refused by the budget`],
    ["hedges", hedges.toLocaleString("en-US"), options.hedged ? "" : "not asked for"],
    ["writes left open", ledger.left.toLocaleString("en-US"), "settled by what was read later"],
    ["late at the engine", traffic.abandoned.toLocaleString("en-US"), `${ledger.forgiven} seen`],
    [
      "heap",
      megabytes(heap),
      `${bytes < 0 ? "−" : "+"}${megabytes(Math.abs(bytes))} from first half to second${ownHeap ? "" : ", not judged: the engine's table is in it"}`,
    ],
    ["connections", String(connections), "at most; none after close"],
  ])) {
    line(text);
  }
  section("faults", hits);
  section(
    "errors",
    [...ledger.errors].sort(([, a], [, b]) => b - a),
  );
  line();
  for (const finding of ledger.findings) line(`${paint("red", "violation")}  ${finding}`);
  const verdict = count(ledger.violations, "violation");
  line(
    ledger.violations === 0
      ? paint("green", `nothing lost, nothing twice: ${verdict}`)
      : paint("red", verdict),
  );
}

function section(title: string, rows: readonly (readonly [string, number])[]): void {
  if (rows.length === 0) return;
  line();
  line(paint("bold", title));
  for (const text of table(rows.map(([name, number]) => [name, number.toLocaleString("en-US")]))) {
    line(text);
  }
}

function megabytes(bytes: number): string {
  return `${(bytes / 1024 / 1024).toFixed(1)} MB`;
}
